// search.mjs: searches every byte of every file below some folders for words that must not be
// readable there.
//
//   node search.mjs WORDS.txt PATH...
//
// WORDS.txt has a word on each line. They are looked for in UTF-8 and in both UTF-16s, and also in
// whatever inflates, wherever in a file a zlib stream begins. Prints the files and words it found;
// exits with 1 if there were any, with 2 if there was nothing to search.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const [wordsFile, ...roots] = process.argv.slice(2);
const words = fs.readFileSync(wordsFile, 'utf8').split('\n').filter(Boolean);
const needles = words.flatMap((word) => {
  const low = Buffer.from(word, 'utf16le');
  return [Buffer.from(word), low, Buffer.from(low).swap16()].map((bytes) => ({ word, bytes }));
});

const files = [];
function walk(name) {
  const stat = fs.lstatSync(name);
  if (stat.isDirectory()) for (const entry of fs.readdirSync(name)) walk(path.join(name, entry));
  else if (stat.isFile()) files.push(name);
}
roots.forEach(walk);

let size = 0;
let found = 0;
function look(bytes, where) {
  for (const needle of needles)
    if (bytes.includes(needle.bytes)) {
      console.log(`# ${where}: ${needle.word}`);
      found++;
    }
}
for (const file of files) {
  const bytes = fs.readFileSync(file);
  size += bytes.length;
  look(bytes, file);
  // A zlib head: method 8, window at most 32 kB, and a multiple of 31.
  for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1)) {
    if (at + 1 >= bytes.length || ((0x78 << 8) | bytes[at + 1]) % 31 !== 0) continue;
    try {
      const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 };
      look(zlib.inflateSync(bytes.subarray(at, at + (1 << 20)), options), `${file}, inflated`);
    } catch {
      // no stream after all
    }
  }
}
console.log(`# ${words.length} words in ${files.length} files, ${size} bytes`);
process.exit(size === 0 ? 2 : found > 0 ? 1 : 0);
