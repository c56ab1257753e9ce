// run.mjs: random answers on real forms, in our engine and in ODK's (npm @getodk/xforms-engine), and
// what differs: values, relevance, violations. Development only; `make differential` runs it.
//
//   node run.mjs BUILD DATA [SEEDS]
//
// trace_form fills a form and tells every answer that it gave; the same answers are given to the
// other engine here, and then every node of the two is compared. What is known to differ stands in
// differences.tsv with its reason; a line there that is never met is an error, too.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSDOM } from 'jsdom';

process.env.TZ = 'Asia/Shanghai';
const here = path.dirname(fileURLToPath(import.meta.url));
const [build, data, seeds = '3'] = process.argv.slice(2);
const forms = path.join(data, 'data/forms');
const work = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'yg-differential-'));

// --- the world that the other engine expects: a browser, and the clock of tests/support/enginekit ---

const { window } = new JSDOM('');
for (const name of ['DOMParser', 'XMLSerializer', 'Node', 'Element', 'Document', 'Attr', 'Text',
  'XMLDocument', 'CDATASection', 'Comment', 'NodeFilter', 'XPathResult', 'HTMLElement'])
  globalThis[name] ??= window[name];
globalThis.window ??= globalThis;
globalThis.document ??= window.document;
globalThis.require ??= createRequire(import.meta.url);
globalThis.__dirname ??= here;
const stands = Date.parse('2026-11-23T12:00:00+08:00');
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [stands] : args));
  }
  static now() {
    return stands;
  }
};
Math.random = () => 0.5;
const { loadForm } = await import('@getodk/xforms-engine');

// --- forms ---

const prefixOf = (name) => /^liberia_round\d_/.exec(name)?.[0] ?? '';

function attachment(name, url) {
  const wanted = String(url).split('/').pop();
  const file = name.includes('/') ? path.join(name, wanted) : path.join(forms, prefixOf(name) + wanted);
  if ((prefixOf(name) === '' && !name.includes('/')) || !fs.existsSync(file))
    return { ok: false, status: 404, text: async () => '', blob: async () => new Blob([]) };
  const text = fs.readFileSync(file, 'utf8');
  const headers = new Headers({ 'content-type': 'text/csv' });
  return { ok: true, status: 200, headers, text: async () => text, blob: async () => new Blob([text]) };
}

async function begin(name, xml) {
  const form = await loadForm(xml, {
    fetchFormAttachment: async (url) => attachment(name, url),
    missingResourceBehavior: 'BLANK',
  });
  if (form.status === 'failure') throw form.error;
  return form.createInstance({
    preloadProperties: { deviceID: 'device-1', username: 'li' },
  }).root;
}

// Every node by its reference.
function index(root) {
  const nodes = new Map();
  const visit = (node) => {
    nodes.set(node.currentState.reference, node);
    for (const child of node.currentState.children ?? []) visit(child);
  };
  visit(root);
  return nodes;
}

function answer(node, text) {
  switch (node.nodeType) {
    case 'select':
      return node.selectValues(text === '' ? [] : text.split(' '));
    case 'rank':
      return node.setValues(text === '' ? [] : text.split(' '));
    case 'trigger':
      return node.setValue(text === 'OK');
    case 'range':
      return node.setValue(text === '' ? null : text);
    case 'input':
      return node.setValue(text);
    case 'upload':
      return null;
    default:
      throw new Error(`a ${node.nodeType} takes no answer`);
  }
}

function step(root, ref, text) {
  const nodes = index(root);
  if (text !== null) {
    const node = nodes.get(ref);
    if (!node) throw new Error('not there');
    return answer(node, text);
  }
  const range = nodes.get(ref.replace(/\[\d+\]$/, ''));
  if (!range?.addInstances) throw new Error('no repeat');
  return range.addInstances();
}

// --- comparing ---

const known = fs.readFileSync(path.join(here, 'differences.tsv'), 'utf8').split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [form, what, place, reason] = line.split('\t');
    return { form, what, place: new RegExp(place), reason, met: 0 };
  });
const totals = { forms: 0, drafts: 0, steps: 0, nodes: 0, values: 0, listed: 0, different: 0 };
const shown = new Map();

function differ(name, what, ref, ours, theirs) {
  const entry = known.find((one) => (one.form === '*' || name.startsWith(one.form)) &&
    one.what === what && one.place.test(ref));
  if (entry) {
    entry.met++;
    totals.listed++;
    return;
  }
  totals.different++;
  const key = `${name} ${what} ${ref.replace(/\[\d+\]/g, '')}`;
  shown.set(key, (shown.get(key) ?? 0) + 1);
  if (shown.get(key) === 1)
    console.log(`# ${key} (${ref}): ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`);
}

// What is written differently and means the same: random ids; numbers, which are exact here and
// doubles there; the order in which several choices were made.
const isRandom = (text) => /^uuid:[0-9a-f-]{36}$/.test(text);
const isNumber = (text) => /^-?[\d.]+(e[-+]?\d+)?$/i.test(text);
const near = (a, b) => isNumber(a) && isNumber(b) &&
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
const sorted = (text) => text.split(' ').sort().join(' ');

function same(node, ours, theirs) {
  if (ours === theirs || near(ours, theirs) || (isRandom(ours) && isRandom(theirs))) return true;
  if (node.nodeType === 'select') return sorted(ours) === sorted(theirs);
  const [a, b] = [ours.split(/[ ;]+/), theirs.split(/[ ;]+/)];
  return /^geo/.test(node.valueType) && a.length === b.length && a.every((one, i) => near(one, b[i]));
}

function compare(name, root, ours) {
  const nodes = index(root);
  for (const [ref, value, relevant, violation] of ours) {
    const node = nodes.get(ref);
    // Attributes have no place of their own there; files are taken as files only.
    if (ref.includes('@') || node?.nodeType === 'upload') continue;
    if (!node) {
      // Instances that nobody can see need not exist.
      if (relevant) differ(name, 'node', ref, value, null);
      continue;
    }
    totals.nodes++;
    const state = node.currentState;
    if (state.relevant !== relevant) {
      differ(name, 'relevance', ref, relevant, state.relevant);
      continue;
    }
    if (!relevant) continue;
    totals.values++;
    const text = state.instanceValue ?? '';
    if (!same(node, value, text)) differ(name, 'value', ref, value, text);
    const found = node.validationState?.violation?.condition ?? '';
    if (found !== violation) differ(name, 'violation', ref, violation, found);
  }
}

async function runOnce(name, file, xml, seed) {
  const trace = spawnSync(path.join(build, 'test/release/conformance/trace_form'), [file, name, seed],
    { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, YG_TEST_DATA: data } });
  if (trace.status !== 0) throw new Error(`ours: ${trace.stderr}`);
  const { steps, nodes } = JSON.parse(trace.stdout);
  const root = await begin(name, xml);
  for (const [ref, text] of steps) {
    totals.steps++;
    try {
      step(root, ref, text);
    } catch (error) {
      differ(name, 'step', ref, text, error.message);
    }
  }
  compare(name, root, nodes);
  totals.drafts++;
}

// Workbooks become XForms by our own command.
function xformOf(name) {
  if (name.endsWith('.xml')) return path.join(forms, name);
  const out = path.join(work, `${path.basename(name)}.xml`);
  const from = name.includes('/') ? name : path.join(forms, name);
  const made = spawnSync(path.join(build, 'yg-syncd'), ['form', 'convert', from, '--to', 'xform',
    '--lenient', out], { encoding: 'utf8' });
  return made.status === 0 ? out : null;
}

// Beside other people's forms one of ours with every type of question, and those that we ship.
const names = ['tests/forms/types', 'schema/forms/household', 'schema/forms/visit',
  ...fs.readdirSync(forms).filter((one) => /\.(xml|xlsx)$/.test(one))];
for (const name of names) {
  const file = xformOf(name);
  if (file === null) {
    console.log(`# ${name}: no XForm can be made of it`);
    continue;
  }
  totals.forms++;
  for (let seed = 1; seed <= Number(seeds); seed++) {
    try {
      await runOnce(name, file, fs.readFileSync(file, 'utf8'), String(seed));
    } catch (error) {
      differ(name, 'form', '/', '', String(error.message).slice(0, 300));
      break;
    }
  }
}
for (const entry of known.filter((one) => one.met === 0)) {
  console.log(`# never met: ${entry.form} ${entry.what} ${entry.place}`);
  totals.different++;
}
fs.rmSync(work, { recursive: true });
console.log(`# ${totals.forms} forms, ${totals.drafts} drafts, ${totals.steps} answers; ` +
  `${totals.nodes} nodes compared, ${totals.values} of them relevant; ` +
  `${totals.listed} differences listed with a reason, ${totals.different} others`);
console.log(totals.different === 0 ? 'ok 1 - differential' : 'not ok 1 - differential');
process.exit(totals.different === 0 ? 0 : 1);
