import { Errno } from '../../errno.js'

const EAI_NONAME = -2

/** There is no network: sockets are of no known family, names have no address. */
export function networkCalls() {
  const refuse = () => -Errno.AFNOSUPPORT
  return {
    __syscall_socket: refuse,
    __syscall_connect: refuse,
    __syscall_bind: refuse,
    __syscall_listen: refuse,
    __syscall_accept4: refuse,
    __syscall_getsockname: refuse,
    __syscall_getpeername: refuse,
    __syscall_getsockopt: refuse,
    __syscall_sendto: refuse,
    __syscall_sendmsg: refuse,
    __syscall_recvfrom: refuse,
    __syscall_pipe: () => -Errno.NOSYS,
    wasm_setsockopt: () => -1,
    wasm_shutdown: () => -1,
    __asyncjs__wasm_poll_socket: () => 0,
    getaddrinfo: () => EAI_NONAME,
    getnameinfo: () => EAI_NONAME,
    _emscripten_lookup_name: () => 0,
    getprotobyname: () => 0,
    getprotobynumber: () => 0,
  }
}
