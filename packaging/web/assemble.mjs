// assemble.mjs: puts the pages of one app together, as the program will serve them.
//
//     node assemble.mjs APP NODE_MODULES OUT      APP is a folder with web/, such as agent
//
// OUT gets the app's own files at its root, the page kit (base/web) in kit/, the form renderer
// (schema/web) in form/, the libraries in lib/, and a gzip twin of every file that gains by it.
// There is no bundler: browsers load modules as they are. They only know paths, and an import map
// would have to stand inline, which the policy of our pages forbids; so imports by name are
// rewritten to relative paths here.
//
// Every text that a page says goes through tr('...'), with the English text as the key. A text
// without a line in a catalogue, or a line that nobody says, stops the build.
import { readFileSync, writeFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { gzipSync, constants } from 'node:zlib';
import { pathToFileURL } from 'node:url';

const [app, modules, out] = process.argv.slice(2);
const LIBRARIES = {
  preact: ['lib/preact.mjs', 'preact/dist/preact.module.js'],
  'preact/hooks': ['lib/hooks.mjs', 'preact/hooks/dist/hooks.module.js'],
  htm: ['lib/htm.mjs', 'htm/dist/htm.module.js'],
};
const FOLDERS = [['', `${app}/web`], ['kit/', 'base/web'], ['form/', 'schema/web']];

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]);
}

function fail(message) {
  console.error(`assemble: ${message}`);
  process.exit(1);
}

const files = new Map(); // name in OUT -> text
const sources = new Map(); // name in OUT -> path here, for messages
for (const [prefix, folder] of FOLDERS) {
  for (const path of filesBelow(folder)) {
    const name = prefix + path.slice(folder.length + 1);
    if (files.has(name)) fail(`${path} and ${sources.get(name)} have the same name`);
    files.set(name, readFileSync(path, 'utf8'));
    sources.set(name, path);
  }
}
for (const [name, path] of Object.values(LIBRARIES)) {
  // The maps of the sources are not served.
  files.set(name, readFileSync(join(modules, path), 'utf8').replace(/\n?\/\/# source.*\n?$/, '\n'));
}

// ---- imports ----

function relative(from, to) {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

for (const [name, text] of files) {
  if (extname(name) !== '.mjs') continue;
  files.set(name, text.replace(/(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"']+)\2/g,
    (whole, verb, quote, wanted) => {
      const to = LIBRARIES[wanted] ? LIBRARIES[wanted][0]
        : wanted.startsWith('.') ? posix.join(posix.dirname(name), wanted) : wanted;
      if (!files.has(to)) fail(`${sources.get(name)} imports ${wanted}, which is not there`);
      return `${verb}${quote}${relative(name, to)}${quote}`;
    }));
}

// ---- words ----

const said = new Map();
for (const [name, path] of sources) {
  if (extname(name) !== '.mjs') continue;
  for (const [, single, double] of
    files.get(name).matchAll(/\btr\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g))
    said.set((single ?? double).replace(/\\(.)/g, '$1'), path);
}
for (const path of filesBelow('base/web/words')) {
  const words = (await import(pathToFileURL(path))).default;
  for (const [text, where] of said)
    if (!words[text]) fail(`${path} has no line for "${text}", which ${where} says`);
    else if (`${text.match(/\{\w+\}/g)?.sort()}` !== `${words[text].match(/\{\w+\}/g)?.sort()}`)
      fail(`${path}: the line for "${text}" has other places for values`);
  for (const text of Object.keys(words))
    if (!said.has(text)) console.warn(`assemble: nobody says "${text}" of ${path}`);
}

// ---- out ----

const first = [...files.keys()].filter((name) => name.endsWith('.mjs')).sort();
files.set('index.html', files.get('index.html').replace('    <!-- modules -->\n',
  first.map((name) => `    <link rel="modulepreload" href="${name}">\n`).join('')));
rmSync(out, { recursive: true, force: true });
let plain = 0, packed = 0;
for (const [name, text] of files) {
  const path = join(out, name);
  const bytes = Buffer.from(text);
  const zipped = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });

  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  if (zipped.length < bytes.length) writeFileSync(`${path}.gz`, zipped);
  plain += bytes.length;
  packed += Math.min(zipped.length, bytes.length);
}
console.log(`  WEB     ${out}: ${files.size} files, ${Math.round(packed / 1024)} KiB compressed, ` +
  `${Math.round(plain / 1024)} KiB plain`);
