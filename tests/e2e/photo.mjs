// photo.mjs: writes a JPEG that is whole as far as structure goes, of SIZE bytes and of content
// that SEED decides, with the words of TEXT in it.
//
//   node photo.mjs FILE SIZE SEED [TEXT]
import fs from 'node:fs';

const [file, size, seed, text = ''] = process.argv.slice(2);
const head = Buffer.from(
  'ffd8ffe000040102' + 'ffc0000b08001000100101' + '1100' + 'ffda00080101' + '00003f00',
  'hex'
);
const body = Buffer.alloc(Number(size) - head.length - 2);
let state = Number(seed) * 2654435761 + 12345;
for (let i = 0; i < body.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  body[i] = (state >>> 24) % 255;
}
body.write(text, 1000);
fs.writeFileSync(file, Buffer.concat([head, body, Buffer.from('ffd9', 'hex')]));
