<?php
declare(strict_types=1);

function received(): string
{
    $file = $_FILES['picture'] ?? null;
    if (!$file || $file['error'] !== UPLOAD_ERR_OK) {
        return 'nothing: ' . json_encode($_FILES);
    }
    $number = count(glob('/site/data/pictures/*.png'));
    @mkdir('/site/data/pictures', 0755, true);
    move_uploaded_file($file['tmp_name'], "/site/data/pictures/$number.png");
    $size = getimagesize("/site/data/pictures/$number.png");
    return htmlspecialchars(json_encode([$file['name'], $file['size'], $size, hash_file('sha256', "/site/data/pictures/$number.png"), mime_content_type("/site/data/pictures/$number.png")]));
}

function thumbnail(int $number): string
{
    $path = "/site/data/pictures/$number.png";
    $image = is_file($path) ? imagecreatefrompng($path) : imagecreatetruecolor(24, 24);
    $image = imagerotate(imagescale($image, 32, 20, IMG_BILINEAR_FIXED), 11.5, 0x336699);
    imagefilter($image, IMG_FILTER_GAUSSIAN_BLUR);
    imagefilter($image, IMG_FILTER_COLORIZE, 20, -10, 5);
    imagealphablending($image, true);
    imageline($image, 0, 3, 30, 17, 0xff8800);
    imagefilledellipse($image, 12, 9, 15, 8, imagecolorallocatealpha($image, 10, 200, 30, 64));
    imagestring($image, 3, 1, 1, (string) $number, 0xffffff);
    header('Content-Type: image/' . ($number % 2 ? 'png' : 'jpeg'));
    ob_start();
    $number % 2 ? imagepng($image, null, 6) : imagejpeg($image, null, 80);
    return ob_get_clean();
}
