export { exportCar } from './car/export-car.js'
export { type CarLimits, type ImportedCar, importCar } from './car/import-car.js'
