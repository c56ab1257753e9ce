// test_forms.mjs: other people's forms in a real browser: every form of the test data is published,
// every page of it drawn, every question answered by the means of its kind, one form with nothing
// but the keyboard. What has nothing to answer with is listed; the list must be empty.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pagesOf, treeOf } from '../../schema/web/pages.mjs';
import { tap } from '../client/test_vectors.mjs';
import { Browser, County, Tablet, area, build, folder, patient } from './web.mjs';

const CHROMIUM = '/usr/bin/chromium';
const modules = path.join(build, 'web/test/node_modules');
const data = process.env.YG_TEST_DATA && path.join(process.env.YG_TEST_DATA, 'data/forms');
const BY_KEYS = 'RQ-etr6-v1'; // the form that is filled without a pointer

if (!data || !fs.existsSync(data) || !fs.existsSync(CHROMIUM) ||
    !fs.existsSync(path.join(modules, 'playwright-core'))) {
  console.log('1..0 # SKIP the forms, chromium or playwright-core are not here');
  process.exit(0);
}
const { chromium } = createRequire(`${modules}/`)('playwright-core');
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const { ok, end } = tap();
const work = folder('forms');
const county = new County(work);

// Kinds and appearances that the forms of the data do not have.
function ownForm() {
  const sheets = path.join(work, 'rest');
  const choices = ['few,a,Alpha', 'few,b,Beta', 'few,c,Gamma',
    ...Array.from({ length: 300 }, (_, i) => `many,x${i},Choice ${i}`)];

  fs.mkdirSync(sheets);
  fs.writeFileSync(path.join(sheets, 'survey.csv'), `type,name,label,appearance,parameters
integer,a1,Grouped,thousands-sep,
integer,a2,Counted,counter,
text,a3,Lines,multiline,
text,a4,Digits,numbers,
text,a5,Address,url,
text,a6,Hidden,masked,
date,b1,Month,month-year,
date,b2,Year,year,
date,b3,Ethiopian,ethiopian,
date,b4,Islamic,islamic,
date,b5,Persian,persian,
date,b6,Coptic,coptic,
time,b7,Time,,
dateTime,b8,Moment,,
select_one few,c1,Columns,columns,
select_one few,c2,Three columns,columns-3,
select_one few,c3,Quick,quick,
select_one few,c4,Likert,likert,
select_one few,c5,Minimal,minimal,
select_one many,c6,Minimal and long,minimal,
select_one many,c7,Found by letters,autocomplete,
select_multiple few,c8,Several minimal,minimal,
select_multiple many,c9,Several of many,,
select_one few,d1,No buttons,no-buttons,
select_one_from_file places.csv,d2,From a file,,
rank few,d3,Order,,
range,e1,Range,,start=0 end=10 step=1
range,e2,Stars,rating,start=1 end=5 step=1
range,e3,Picked,picker,start=1 end=5 step=1
range,e4,Upright,vertical,start=0 end=1 step=0.1
geopoint,f1,Point,maps,
geotrace,f2,Way,,
geoshape,f3,Outline,,
barcode,g1,Bar,,
acknowledge,g2,Read,,
begin group,h,Table,table-list,
select_one few,h1,First,,
select_one few,h2,Second,,
end group,,,,
begin group,i,By label,field-list,
select_one few,i1,Head,label,
select_one few,i2,Row,list-nolabel,
end group,,,,
`);
  fs.writeFileSync(path.join(sheets, 'choices.csv'), `list_name,name,label\n${choices.join('\n')}\n`);
  fs.writeFileSync(path.join(sheets, 'places.csv'), `name,label\n${
    Array.from({ length: 20 }, (_, i) => `p${i},Place ${i}`).join('\n')}\n`);
  fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title,version\nrest,Rest,1\n');
  return sheets;
}

// A survey that is kept as two tables from a program of its own, with a column of numbers
// in front. Its list of settlements was not kept with it.
function fromTables() {
  const sheets = path.join(work, 'koboquest');
  const cut = (name) => fs.readFileSync(path.join(data, `reach_koboquest_kobo_${name}.csv`), 'utf8')
    .replace(/^"\d*",/gm, '').replace(/label\.\.(\w+)/g, 'label::$1').replace(/\bNA\b/g, '""')
    .replace(/""""/g, '""').replace(/select_one_external \w+/g, 'text');

  fs.mkdirSync(sheets);
  fs.writeFileSync(path.join(sheets, 'survey.csv'), cut('questions'));
  fs.writeFileSync(path.join(sheets, 'choices.csv'), cut('choices'));
  fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title,version\nkoboquest,Kobo,1\n');
  return sheets;
}

const sources = [...fs.readdirSync(data).filter((name) => name.endsWith('.xlsx'))
  .map((name) => path.join(data, name)), fromTables(), ownForm()];
for (const source of sources) county.syncd('form', 'publish', source, '--lenient');
county.publish('household');
county.publish('visit');
await county.start();
const tablet = new Tablet(county, 'wang');
await tablet.start();
const program = new Browser(tablet);
await program.launch();
await program.unlock();

const context = await chromium.launchPersistentContext(`${work}/profile`, {
  executablePath: CHROMIUM, headless: true, viewport: { width: 1280, height: 800 }, locale: 'zh-CN',
  geolocation: { latitude: 28.713, longitude: 113.632, accuracy: 8 }, permissions: ['geolocation'],
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const page = context.pages()[0];
const troubles = [];
await patient(page);
page.on('pageerror', (error) => troubles.push(error.message));
await page.goto(`file://${tablet.data}/launch.html`);
await page.waitForURL(`http://127.0.0.1:${tablet.port}/**`);
await page.getByLabel('口令').fill('secret-of-wang');
await page.keyboard.press('Enter');
await page.getByRole('link', { name: '新户' }).waitFor();

const domId = (ref) => `q${ref.replace(/[^A-Za-z0-9]/g, '_')}`;
const isLeaf = ({ kind }) => !['group', 'repeat', 'instance'].includes(kind);
const questionsOf = async (draft) => (await program.get(`/api/drafts/${draft}`)).json.questions;

// What the page knows of the draft: asking the program behind its back would confuse it.
let questions = [];
const refused = new Set(); // answers that the form would not have, with words beside them
let told = Promise.resolve(); // done when every answer of the program so far has been read
async function hear(response) {
  const json = await response.json().catch(() => null);
  for (const { ref } of json?.refused ?? []) refused.add(ref);
  if (!json?.questions) return;
  if (json.whole || !response.url().endsWith('/answers')) questions = json.questions;
  else {
    const changed = new Map(json.questions.map((one) => [one.ref, one]));
    questions = questions.map((one) => changed.get(one.ref) ?? one);
  }
}
page.on('response', (response) => {
  if (/\/api\/drafts\/\d+/.test(response.url()) && response.ok())
    told = told.then(() => hear(response)); // in their order
});

// ---- answering ----

function letters(question) {
  if (question.type === 'int') return '3';
  if (question.type === 'decimal') return '2.5';
  return /numbers/.test(question.appearance ?? '') ? '12345' : 'abc';
}

const DATES = { date: '2026-11-23', month: '2026-11', time: '08:30', 'datetime-local':
  '2026-11-23T08:30' };

// By whatever stands in the question; false: there is nothing to answer with.
async function answer(box, question) {
  const field = box.locator('input:not([type=file]), select, textarea').first();
  const kind = await field.count() ? await field.evaluate((one) => (one.getAttribute('role') ||
    (one.tagName === 'INPUT' ? one.type : one.tagName.toLowerCase()))) : '';

  if (/^geo/.test(question.type ?? '')) {
    for (let i = { geopoint: 1, geotrace: 2, geoshape: 3 }[question.type]; i > 0; i--) {
      const before = await box.innerText();
      const button = box.getByRole('button').first();
      await button.click(); // then it is busy until the position is there
      await until(async () => await button.getAttribute('aria-disabled') === null &&
        await box.innerText() !== before);
    }
    return true;
  }
  if (question.kind === 'rank') {
    await box.getByRole('button').last().click();
    return true;
  }
  switch (kind) {
    case '': return false;
    case 'radio': // a second try must not take the first one's tick away
    case 'checkbox': await field.evaluate((one) => one.checked || one.click()); return true;
    case 'select': await field.selectOption({ index: 1 }); return true;
    case 'range': await field.focus(); await page.keyboard.press('ArrowRight'); return true;
    case 'combobox':
      await field.click();
      await box.getByRole('option').first().click();
      if (question.kind === 'select_many') await page.keyboard.press('Escape');
      return true;
    default:
      await field.fill(DATES[kind] ?? (field.maxLength === 4 || /\byear\b/.test(
        question.appearance ?? '') && !/month-year/.test(question.appearance) ? '1999' : letters(question)));
      return true;
  }
}

// What a person with a keyboard does in the field that has the focus.
async function press(question, kind) {
  switch (kind) {
    case 'radio':
    case 'checkbox': await page.keyboard.press('Space'); break;
    case 'select': await page.keyboard.press('ArrowDown'); break;
    case 'range': await page.keyboard.press('ArrowRight'); break;
    case 'button': await page.keyboard.press('Enter'); break;
    case 'combobox':
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      break;
    case 'date': await page.keyboard.type('11232026'); break;
    default: await page.keyboard.type(letters(question));
  }
}

const focused = () => page.evaluate(() => {
  const one = document.activeElement;
  const kind = one.getAttribute('role') || (one.tagName === 'INPUT' ? one.type
    : one.tagName.toLowerCase());
  const isAdd = one.matches('.repeat > div > .button') && !document.querySelector('.repeat-card');
  const isCard = one.matches('.repeat-card .item');
  return { ref: one.closest('[data-ref]')?.dataset.ref ?? '', kind,
    isNext: one.matches('.foot .primary'),
    opens: isAdd || isCard ? `${location.hash} ${isAdd ? '+' : one.innerText.split('\n')[0]}` : '' };
});

async function saved() {
  await page.locator('.state.saved').waitFor();
  await told;
}

// Done when good() holds: true; false when it never does.
async function until(good) {
  for (const end = Date.now() + 30000; Date.now() < end; await new Promise((done) => setTimeout(done, 20)))
    if (await good()) return true;
  return false;
}

// ---- a form ----

const unanswered = new Map(); // form and ref -> why
let drawn = 0;

const leavesOf = (one) => {
  const list = [];
  const look = (node) => {
    if (node.question.kind === 'instance') return;
    list.push(node.question);
    node.children.forEach(look);
  };

  one.nodes.forEach(look);
  return list;
};

// Whether the question is on the page that is shown, as far as the program has told.
function isHere(ref) {
  const id = decodeURIComponent(page.url().split('/').pop());
  const shown = pagesOf(treeOf(questions)).find((one) => one.id === id);

  return Boolean(shown) && leavesOf(shown).some((one) => one.ref === ref);
}

// What the household must not see lies under a cover first.
async function uncovered() {
  const shown = page.locator('.form-page');
  const cover = page.locator('.private').getByRole('button', { name: '显示' });

  await shown.or(cover).first().waitFor();
  if (!await shown.isVisible()) await cover.click();
  await shown.waitFor();
}

// False: the page has gone by an answer on another one.
async function openPage(draft, id) {
  const hash = `#/draft/${draft}/${encodeURIComponent(id)}`;

  await page.evaluate((wanted) => { location.hash = wanted; }, hash);
  await uncovered();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() =>
    requestAnimationFrame(done))));
  return await page.evaluate(() => location.hash) === hash;
}

async function openForm(draft) {
  await page.evaluate(() => { location.hash = '#/sync'; });
  await page.getByRole('button', { name: '立即同步' }).waitFor();
  await told;
  questions = [];
  await page.evaluate((hash) => { location.hash = hash; }, `#/draft/${draft}`);
  await uncovered();
  await told;
}

// Of repeats that the form itself fills up one instance tells enough.
const isFirst = (one) => !/\[([2-9]|\d\d+)\]/.test(one.ref);

const isHidden = (one) => /\bhidden\b/.test(one.appearance ?? ''); // the program answers these
const isAsked = (one) => isLeaf(one) && one.kind !== 'note' && one.kind !== 'upload' &&
  !one.read_only && !isHidden(one) && (!/^(select|rank)/.test(one.kind) || one.options?.length > 0);

async function answerOne(form, question) {
  const box = page.locator(`#${domId(question.ref)}`);
  const key = `${form} ${question.ref} (${question.kind} ${question.type} ${question.appearance ?? ''})`;

  try {
    // An answer above may have taken it away meanwhile, or put it on another page: then it has its
    // turn there.
    await until(async () => await box.isVisible() || !isHere(question.ref));
    if (!isHere(question.ref) || !isAsked(question)) return;
    if (await answer(box, question)) unanswered.delete(key);
    else if (await saved(), isHere(question.ref)) unanswered.set(key, 'nothing to answer with');
  } catch (error) {
    await saved();
    if (questions.some(({ ref }) => ref === question.ref))
      unanswered.set(key, error.message.split('\n')[0]);
  }
}

// Rounds, until nothing new comes: an answer may bring questions, choices and whole pages.
async function walkForm(form, draft) {
  const tries = new Map();
  const isOpen = (one) => isFirst(one) && (tries.get(one.ref) ?? 0) < 2 && (one.kind === 'repeat'
    ? one.can_add && !one.count : isLeaf(one) && !one.value && (!tries.has(one.ref) || isAsked(one)));

  await openForm(draft);
  for (let round = 0; round < 200; round++) {
    const one = pagesOf(treeOf(questions)).find((each) => leavesOf(each).some(isOpen));

    if (!one) break;
    if (!await openPage(draft, one.id)) continue; // it has just gone
    drawn++;
    const hash = await page.evaluate(() => location.hash);
    for (const { ref } of leavesOf(one).filter(isOpen)) {
      const question = questions.find((each) => each.ref === ref);
      if (!question) continue; // an answer above has taken it away
      if (await page.evaluate(() => location.hash) !== hash) break; // cut anew by an answer above
      tries.set(ref, (tries.get(ref) ?? 0) + 1);
      if (question.kind !== 'repeat') {
        await answerOne(form, question);
        if (/^select/.test(question.kind)) await saved();
        continue;
      }
      await page.getByRole('button', { name: /^添加/ }).first().click();
      await page.waitForFunction((id) => !location.hash.endsWith(id), encodeURIComponent(one.id));
      break;
    }
    await page.evaluate(() => document.activeElement.blur()); // letters wait no longer
    await saved().catch(() => unanswered.set(`${form} ${one.id}`, 'is not saved'));
  }
  return tries.size;
}

async function walkByKeys(draft) {
  const tried = new Set();

  await openForm(draft);
  await openPage(draft, pagesOf(treeOf(questions))[0].id);
  for (let step = 0; step < 600 && !page.url().endsWith('/overview'); step++) {
    await page.keyboard.press('Tab');
    const at = await focused();
    const wanted = at.isNext || (at.opens && !tried.has(at.opens));

    if (wanted) {
      const hash = await page.evaluate(() => location.hash);
      if (at.opens) tried.add(at.opens);
      await page.evaluate(() => document.querySelector('h1').classList.add('left'));
      await page.keyboard.press('Enter');
      await page.waitForFunction((before) => location.hash !== before &&
        document.activeElement?.matches('h1:not(.left)'), hash);
    } else if (at.ref && !tried.has(at.ref)) {
      const question = questions.find(({ ref }) => ref === at.ref);
      tried.add(at.ref);
      if (question && isAsked(question) && !question.value) await press(question, at.kind);
      if (question?.type === 'geopoint')
        await page.locator(`#${domId(at.ref)} p`).first().waitFor();
      await saved();
    }
  }
  return tried.size;
}

const forms = (await program.get('/api/forms')).json.forms;
ok(forms.length >= 14, `${forms.length} forms are on the tablet`);
for (const { form } of forms) {
  const begun = await program.post('/api/drafts', { form, area });

  if (begun.status !== 200) {
    ok(false, `${form} can be begun: ${begun.text.slice(0, 200)}`);
    continue;
  }
  const { draft } = begun.json;

  refused.clear();
  const before = unanswered.size;
  const count = await walkForm(form, draft);
  // What has an answer now, or was refused and says why.
  for (const one of (await questionsOf(draft)).filter((each) =>
    isAsked(each) && isFirst(each) && !each.value)) {
    const key = `${form} ${one.ref} (${one.kind} ${one.type} ${one.appearance ?? ''})`;
    if (!refused.has(one.ref)) unanswered.set(key, unanswered.get(key) ?? 'no answer was kept');
  }
  ok(unanswered.size === before, `${form}: ${count} questions were drawn and answered`);
  if (form === BY_KEYS) {
    const again = (await program.post('/api/drafts', { form, area })).json.draft;
    const tried = await walkByKeys(again);
    await walkByKeys(again); // what an answer further down has brought
    const left = (await questionsOf(again)).filter((one) => isAsked(one) && !one.value)
      .map((one) => `${one.ref} (${one.kind} ${one.type})`);
    ok(left.length === 0 && page.url().endsWith('/overview'),
      `${form}: ${tried} questions answered with nothing but the keyboard`);
    if (left.length > 0) console.log(`# ${left.join('\n# ')}\n# ${page.url()}`);
  }
  if (form === 'rest') {
    await page.evaluate(axe).catch(() => {});
    const { violations } = await page.evaluate(() => globalThis.axe.run(document,
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
    const bad = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
    ok(bad.length === 0, 'no serious finding on a page of kinds');
    console.log(bad.map((one) => `# ${one.id}: ${one.nodes[0].html}`).join('\n'));
    const small = await page.locator('button:visible, .choice:visible, select:visible, summary:visible, a.button:visible')
      .evaluateAll((list) => list.map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 47.5 || box.width < 47.5).map(([html]) => html));
    ok(small.length === 0, 'targets have 48 px');
    if (small.length > 0) console.log(`# ${small.join('\n# ')}`);
  }
}
ok(unanswered.size === 0, `${drawn} pages: nothing was without something to answer with`);
for (const [key, why] of unanswered) console.log(`# ${key}: ${why}`);
ok(troubles.length === 0, `the pages had nothing to complain of ${troubles.join(' ')}`);
await context.close();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
