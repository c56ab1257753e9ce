// strokes.mjs: the lines of a pen, drawn and kept. A picture of a signature carries its strokes
// inside: a PNG in a chunk "ygSt" before its end, a JPEG in comments behind its beginning. So one
// file with one hash holds what was seen and how it was written.
//
// Strokes are {"height": n, "strokes": [[x, y, ms, x, y, ms, ...], ...]}: the width is 1000, ms
// counts from the first touch.
export const UNITS = 1000;

const PNG_HEAD = 8; // bytes
const PNG_END = 12; // IEND with its size and check
const COMMENT_MAX = 65000;
const COMMENT_NAME = 'yg strokes ';

export function draw(canvas, strokes, { background, width = 5 } = {}) {
  const pen = canvas.getContext('2d', { alpha: false });
  const factor = canvas.width / UNITS;

  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  if (background) pen.drawImage(background, 0, 0, canvas.width, canvas.height);
  pen.strokeStyle = background ? '#b42318' : '#000';
  pen.fillStyle = pen.strokeStyle;
  pen.lineWidth = width * factor;
  pen.lineCap = 'round';
  pen.lineJoin = 'round';
  for (const stroke of strokes) {
    pen.beginPath();
    pen.moveTo(stroke[0] * factor, stroke[1] * factor);
    // A dot is a line of no length; the round cap shows it.
    if (stroke.length === 3) pen.lineTo(stroke[0] * factor, stroke[1] * factor);
    for (let i = 3; i < stroke.length; i += 3)
      pen.lineTo(stroke[i] * factor, stroke[i + 1] * factor);
    pen.stroke();
  }
}

const CHECKS = new Uint32Array(256).map((_, byte) => {
  let check = byte;

  for (let bit = 0; bit < 8; bit++) check = check & 1 ? 0xedb88320 ^ (check >>> 1) : check >>> 1;
  return check;
});

function checkOf(bytes) {
  let check = 0xffffffff;

  for (const byte of bytes) check = CHECKS[(check ^ byte) & 0xff] ^ (check >>> 8);
  return (check ^ 0xffffffff) >>> 0;
}

function chunk(name, content) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);

  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, checkOf(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

function comments(content) {
  const name = new TextEncoder().encode(COMMENT_NAME);
  const parts = [];

  for (let at = 0; at < content.length; at += COMMENT_MAX) {
    const piece = content.subarray(at, at + COMMENT_MAX);
    const size = piece.length + name.length + 2;

    parts.push(new Uint8Array([0xff, 0xfe, size >> 8, size & 0xff]), name, piece);
  }
  return parts;
}

// The picture with its strokes inside.
export async function withStrokes(picture, height, strokes) {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const content = new TextEncoder().encode(JSON.stringify({ height, strokes }));

  if (picture.type === 'image/png' && bytes.length > PNG_HEAD + PNG_END)
    return new Blob([bytes.subarray(0, -PNG_END), chunk('ygSt', content),
      bytes.subarray(-PNG_END)], { type: picture.type });
  return new Blob([bytes.subarray(0, 2), ...comments(content), bytes.subarray(2)],
    { type: picture.type });
}
