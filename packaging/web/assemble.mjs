// assemble.mjs: puts the pages of one app together, as the program will serve them.
//
//     node assemble.mjs APP NODE_MODULES OUT APPS...   APP is a folder with web/, such as agent;
//                                                      APPS are all that share base/web
//
// The app's modules (APP/web), the page kit (base/web, imported as kit/...), the form renderer
// (schema/web, as form/...) and the libraries become one script, app.mjs; the style sheets that
// index.html names become one, app.css; everything else is copied. Each file that gains by it gets
// a gzip twin. So a page is three requests, and every import is resolved before anybody asks.
//
// A module becomes a function that is called once and returns what the module exports:
//
//     const m3 = (() => { const { h } = m1; ...; return { html }; })();
//
// in the order of their imports, which may not go in a circle. A module that is asked for by
// import('./NAME.mjs') becomes a script of its own, with all that only it needs: it is read when it
// is wanted, and the first page waits for nothing that it does not show. Only the forms of import and export
// that our modules and these libraries use are known; anything else stops the build. Texts are not
// touched: names stay readable in the browser's tools.
//
// Every text that a page says goes through tr('...'), with the English text as the key. The Chinese
// stands in base/web/words/zh.mjs, and what only one app says in its web/words/zh*.mjs. A text
// without a line, or a line that nobody says, stops the build; an app carries the lines it needs.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { gzipSync, constants } from 'node:zlib';
import { pathToFileURL } from 'node:url';

const [app, modules, out, ...apps] = process.argv.slice(2);
const LIBRARIES = {
  preact: 'preact/dist/preact.module.js',
  'preact/hooks': 'preact/hooks/dist/hooks.module.js',
  htm: 'htm/dist/htm.module.js',
};
// Too heavy for every page: served as they are, to whoever says import('./NAME').
const LAZY = { 'echarts.mjs': 'echarts/dist/echarts.common.min.js' };
const FOLDERS = [['', `${app}/web`], ['kit/', 'base/web'], ['form/', 'schema/web']];

function fail(message) {
  console.error(`assemble: ${message}`);
  process.exit(1);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]);
}

const files = new Map(); // name -> {path, text}; names as imports say them
for (const [prefix, folder] of FOLDERS)
  for (const path of filesBelow(folder))
    files.set(prefix + path.slice(folder.length + 1), { path, text: readFileSync(path, 'utf8') });
for (const [name, path] of Object.entries(LIBRARIES))
  // The maps of their sources are not served.
  files.set(name, { path, text: readFileSync(join(modules, path), 'utf8')
    .replace(/\n?\/\/# source.*\n?$/, '\n') });

// ---- words ----

// What a module says -> its path.
function saysOf(modules) {
  const says = new Map();

  for (const { path, text } of modules) {
    if (extname(path) !== '.mjs') continue;
    for (const [, single, double] of
      text.matchAll(/\btr\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g))
      says.set((single ?? double).replace(/\\(.)/g, '$1'), path);
  }
  return says;
}

const said = saysOf([...files.values()]);
const saidByAnyApp = saysOf(apps.flatMap((one) => filesBelow(`${one}/web`))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') })));
const places = (text) => `${text.match(/\{\w+\}/g)?.sort()}`;
const catalogue = {};

for (const path of [...filesBelow('base/web/words'), ...[...files.keys()]
  .filter((name) => name.startsWith('words/')).map((name) => files.get(name).path)]) {
  const words = (await import(pathToFileURL(path))).default;

  for (const [text, chinese] of Object.entries(words)) {
    if (!said.has(text) && !(path.startsWith('base/') && saidByAnyApp.has(text)))
      fail(`nobody says "${text}" of ${path}`);
    if (text in catalogue) fail(`${path} has "${text}", which another catalogue has already`);
    if (places(text) !== places(chinese))
      fail(`${path}: the line for "${text}" has other places for values`);
    if (said.has(text)) catalogue[text] = chinese;
  }
}
for (const [text, where] of said)
  if (!(text in catalogue)) fail(`no catalogue has a line for "${text}", which ${where} says`);
for (const name of [...files.keys()]) if (name.startsWith('words/')) files.delete(name);
files.get('kit/words/zh.mjs').text = `export default ${JSON.stringify(catalogue, null, 1)};\n`;

// ---- one script ----

const IMPORT = /^import\s*([^'";]+?)\s*from\s*(['"])([^'"]+)\2;?/gm;
const script = [];
const known = new Map(); // name -> variable, or null while its imports are looked at

// "a, b as c" as pairs.
const pairs = (list) => list.split(',').map((one) => one.trim()).filter(Boolean)
  .map((one) => one.split(/\s+as\s+/)).map(([from, to]) => [from, to ?? from]);

function moduleOf(from, wanted) {
  const name = wanted.startsWith('.') ? posix.join(posix.dirname(from), wanted) : wanted;

  if (!files.has(name)) fail(`${files.get(from).path} imports ${wanted}, which is not there`);
  if (known.get(name) === null) fail(`${files.get(from).path} imports ${wanted} in a circle`);
  if (!known.has(name)) addModule(name);
  return known.get(name);
}

function importing(what, variable) {
  if (what.startsWith('* as ')) return `const ${what.slice(5)} = ${variable};`;
  if (!what.startsWith('{')) return `const ${what} = ${variable}.default;`;
  return `const { ${pairs(what.slice(1, -1)).map(([from, to]) =>
    (from === to ? to : `${from}: ${to}`)).join(', ')} } = ${variable};`;
}

function addModule(name) {
  const { path } = files.get(name);
  const given = []; // [name outside, name inside]
  let { text } = files.get(name);

  known.set(name, null);
  text = text.replace(/^export\s*(\{[^}]*\})\s*from\s*(['"])([^'"]+)\2;?/gm, (all, what, q, from) => {
    given.push(...pairs(what.slice(1, -1)).map(([, to]) => [to, to]));
    return importing(what, moduleOf(name, from));
  });
  // A library stands on one line: its imports come first and without a line of their own.
  text = text.replace(IMPORT, (all, what, quote, from) => importing(what, moduleOf(name, from)));
  text = text.replace(/(^|[;}])export\s*\{([^}]*)\};?/gm, (all, before, list) => {
    given.push(...pairs(list).map(([inside, outside]) => [outside, inside]));
    return before;
  });
  text = text.replace(/(^|[;}])export default /gm, (all, before) => {
    given.push(['default', 'byDefault']);
    return `${before}const byDefault = `;
  });
  // Nobody reads what is served: comments and indentation stay at home.
  if (path.startsWith(modules) === false)
    text = text.replace(/^[ \t]*\/\/.*\n/gm, '').replace(/^[ \t]+/gm, '');
  text = text.replace(/^export ((?:async )?(?:function\*?|const|class) (\w+))/gm, (all, what, one) => {
    given.push([one, one]);
    return what;
  });
  if (/^(import|export)\b(?!\()/m.test(text) || /[;}](import|export)[{ ]/.test(text))
    fail(`${path} has an import or export of a kind that assemble does not know`);
  const variable = `m${script.length}`;
  script.push(`// ${path}\nconst ${variable} = (() => {\n${text.trim()}\nreturn { ${
    given.map(([outside, inside]) => (outside === inside ? outside : `${outside}: ${inside}`))
      .join(', ')} };\n})();\n`);
  known.set(name, variable);
}

addModule('app.mjs');
const shared = script.length; // modules of app.mjs; what comes later may use them
const parts = []; // [name, from, to, module]
for (const { text } of [...known.keys()].map((name) => files.get(name)))
  for (const [, name] of text.matchAll(/\bimport\('\.\/([\w/]+\.mjs)'\)/g)) {
    const from = script.length;

    if (name in LAZY) continue;
    if (known.has(name)) fail(`${name} is imported by app.mjs already`);
    addModule(name);
    parts.push([name, from, script.length, known.get(name)]);
  }
if (parts.length > 1) fail('there is one later script, not several: they could not share modules');
for (const name of files.keys())
  if (extname(name) === '.mjs' && !known.has(name) && !/^(kit|form)\//.test(name))
    fail(`nobody imports ${files.get(name).path}`);

// ---- out ----

const names = Array.from({ length: shared }, (_, index) => `m${index}`).join(', ');
const served = new Map([['app.mjs', script.slice(0, shared).join('') +
  (parts.length > 0 ? `export { ${names} };\n` : '')]]);
for (const [name, from, to, variable] of parts)
  served.set(name, `import { ${names} } from './app.mjs';\n${script.slice(from, to).join('')}` +
    `export default ${variable};\n`);
const styles = [];
const page = files.get('index.html').text.replace(/ *<link rel="stylesheet" href="([^"]+)">\n/g,
  (all, name) => {
    if (!files.has(name)) fail(`index.html names ${name}, which is not there`);
    styles.push(files.get(name).text);
    return '';
  }).replace('</title>\n', '</title>\n    <link rel="stylesheet" href="app.css">\n');

served.set('index.html', page);
served.set('app.css', styles.join(''));
for (const [name, { text }] of files)
  if (!['.mjs', '.css', ''].includes(extname(name)) && !served.has(name)) served.set(name, text);
for (const [name, path] of Object.entries(LAZY))
  if (served.get('app.mjs').includes(`import('./${name}')`))
    served.set(name, readFileSync(join(modules, path), 'utf8'));
rmSync(out, { recursive: true, force: true });
let plain = 0, packed = 0;
for (const [name, text] of served) {
  const path = join(out, name);
  const bytes = Buffer.from(text);
  const zipped = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });

  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  // What does not parse would be seen by nobody before it stands on a tablet.
  if (extname(name) === '.mjs' && !(name in LAZY))
    execFileSync(process.execPath, ['--check', path], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (zipped.length < bytes.length) writeFileSync(`${path}.gz`, zipped);
  plain += bytes.length;
  packed += Math.min(zipped.length, bytes.length);
}
console.log(`  WEB     ${out}: ${known.size} modules, ${Math.round(packed / 1024)} KiB compressed, ` +
  `${Math.round(plain / 1024)} KiB plain`);
