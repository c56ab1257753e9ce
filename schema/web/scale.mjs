// scale.mjs: a photo as it is kept: no longer on its long side than the form allows, upright, as a
// JPEG of a few hundred kilobytes, without what the camera wrote beside the picture (where it was
// taken stands in the record, if the form asks for it). What comes out is the original of record.
import { tr } from 'kit/words.mjs';

const LONG_SIDE = 1600; // px, where the form does not say
const QUALITY = 0.8;
const BYTES_MAX = 64 * 1024 * 1024; // of what is opened here

export const longSideOf = (question) => {
  const asked = Number(question.max_pixels);

  return asked > 0 ? Math.min(asked, 8192) : LONG_SIDE;
};

async function opened(file) {
  if (file.size === 0) throw new Error(tr('The file is empty. Take the photo again.'));
  if (file.size > BYTES_MAX) throw new Error(tr('The photo is too large to be opened here.'));
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    throw new Error(tr(
      'This is no photo, or it is damaged. JPEG, PNG and WebP can be opened here.'));
  }
}

// Of anything that can be drawn: a bitmap, a video, a canvas.
export function asJpeg(source, width, height, longSide) {
  const factor = Math.min(1, longSide / Math.max(width, height));
  const canvas = document.createElement('canvas');

  canvas.width = Math.max(1, Math.round(width * factor));
  canvas.height = Math.max(1, Math.round(height * factor));
  const pen = canvas.getContext('2d', { alpha: false });
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return blobOf(canvas, 'image/jpeg');
}

export function blobOf(canvas, type) {
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob)
    : fail(new Error(tr('The picture could not be made. Try again.')))), type, QUALITY));
}

export async function scaled(file, longSide) {
  const picture = await opened(file);

  try {
    return await asJpeg(picture, picture.width, picture.height, longSide);
  } finally {
    picture.close();
  }
}
