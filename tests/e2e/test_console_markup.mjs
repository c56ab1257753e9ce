// test_console_markup.mjs: script in every text that the console's pages show: names of staff, workers,
// areas, tablets, programs, files; labels, choices, rules and versions of forms; answers, both sides of
// conflicts, what was kept aside, notes, tasks, meetings, reasons. On every page, and on the sheets
// that are printed, it is letters: nothing of it becomes an element, nothing runs, nobody else is
// asked for anything, and the policy of the page has nothing to complain of.
import fs from 'node:fs';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, ok } from './desk_pages.mjs';
import { Tablet, area, folder } from './web.mjs';

const nasty = (where) => `<img src=x onerror=hit()><script>hit()</script>"'&${where}`;
const tail = (where) => `"'&${where}`; // labels of forms lose their tags; nothing else does
const cell = (text) => `"${text.replaceAll('"', '""')}"`;
const other = '430626117206';
const work = folder('console-markup');
const county = new ConsoleCounty(work);
const file = (name, content) => {
  fs.writeFileSync(`${work}/${name}`, typeof content === 'string' ? content : JSON.stringify(content));
  return `${work}/${name}`;
};

// ---- people, areas, forms ----

const STAFF = { admin: nasty('admin'), county: nasty('reviewer'), auditor: nasty('auditor'), township: nasty('township') };
for (const [role, name] of Object.entries(STAFF)) county.add(role, name);
for (const form of ['household', 'panel', 'meeting', 'task', 'note']) county.publish(form);
const survey = (label) => `type,name,label::English (en),${cell(`label::${nasty('language')}`)},hint::English (en),constraint,constraint_message::English (en),required,media::image::English (en)
note,said,${cell(nasty('told'))},,,,,,
text,name,${cell(nasty(label))},,${cell(nasty('hint'))},. != 'x',${cell(nasty('message'))},yes,${cell('<b onclick=hit()>missing.png')}
select_one few,choice,${cell(nasty('question'))},,,,,,
integer,a,A,,,,,,
integer,b,B,,,. + \${a} < 10,${cell(nasty('rule'))},,
begin repeat,people,${cell(nasty('repeat'))},,,,,,
text,who,${cell(nasty('within'))},,,,,,
end repeat,,,,,,,,
`;
function workbook(folderName, version, label) {
  const at = `${work}/${folderName}/nasty`;
  fs.mkdirSync(at, { recursive: true });
  fs.writeFileSync(`${at}/survey.csv`, survey(label));
  fs.writeFileSync(`${at}/choices.csv`, `list_name,name,label::English (en)\nfew,a,${cell(nasty('choice'))}\nfew,b,${cell(nasty('other'))}\n`);
  fs.writeFileSync(`${at}/settings.csv`, `form_id,form_title::English (en),version,instance_name,default_language\nnasty,${cell(nasty('title'))},${
    cell(nasty(version))},\${name},English (en)\n`);
  return at;
}
county.syncd('form', 'publish', workbook('one', 'first', 'former'));
county.syncd('area', 'names', file('names.csv', `430626117000,${cell(nasty('town'))}\n${area},${cell(nasty('village'))}\n${other},${
  cell(nasty('hamlet'))}\n`), '--reason', nasty('naming'));
await county.start();
const invite = (person, name) => county.syncd('device', 'invite', '--areas', `${area},${other}`, '--name', name, '--person', person);
const wang = new Tablet(county, 'wang', area, invite(nasty('wang'), nasty('tablet')));
const zhang = new Tablet(county, 'zhang', area, invite('zhang', 'second'));
for (const one of [wang, zhang]) {
  await one.start();
  one.agent('unlock');
}
const together = () => { for (const one of [wang, zhang, wang]) one.agent('sync'); };

// ---- what they record ----

const family = { head: { name: nasty('head') }, home: { group_name: nasty('group'), hukou_no: '430626101' }, situation: { notes: nasty('notes') },
  member: [{ name: nasty('member'), relation: '02' }] };
const home = wang.agent('new', 'household', '--area', area, '--file', file('home.json', family), '--draft');
const twin = wang.agent('new', 'household', '--area', area, '--file', file('twin.json', { head: { name: nasty('twin') } }), '--draft');
const form = wang.agent('new', 'nasty', '--area', area, '--file', file('form.json', { name: nasty('answer'), a: '1', b: '1',
  people: [{ who: nasty('somebody') }] }), '--draft');
const far = wang.agent('new', 'household', '--area', other, '--file', file('far.json', { head: { name: nasty('far') } }), '--draft');
const panel = wang.agent('new', 'panel', '--area', area, '--file', file('panel.json', { title: nasty('panel'),
  member: Array.from({ length: 11 }, (_, n) => ({ name: nasty(`seat${n}`), category: n % 3 === 2 ? '2' : '7', active: '1' })) }));
const meeting = wang.agent('meeting', 'new', home, twin, '--area', area, '--panel', panel, '--title', nasty('meeting'), '--place', nasty('place'),
  '--chair', nasty('chair'), '--recorder', nasty('recorder'), '--teller', nasty('teller'), '--teller', 'second teller');
together();
const inMeeting = (verb, ...words) => wang.agent('meeting', verb, meeting, ...words);
const urn = ['--chair-file', file('chair', 'river-stone\n'), '--teller-file', file('teller', 'white-crane\n')];
inMeeting('open');
inMeeting('sign-in', '1-11');
for (const step of ['1', '2', '3']) inMeeting('step', step);
inMeeting('vote', ...urn, '--begin');
inMeeting('vote', ...urn, '--ballots', file('ballots', Array.from({ length: 11 }, (_, n) => `${n + 1}: *=yes\n`).join('')));
inMeeting('close', ...urn);

// Both say something else of the same.
wang.agent('set', home, `home/group_name=${nasty('wangsays')}`);
zhang.agent('set', home, `home/group_name=${nasty('zhangsays')}`);
wang.agent('set', form, 'choice=a', `name=${nasty('one')}`, 'a=8');
zhang.agent('set', form, 'choice=b', `name=${nasty('two')}`, 'b=8');
zhang.agent('set', twin, 'home/hukou_no=430626101');
together();

// What comes from outside of a scope waits.
const device = JSON.parse(county.syncd('device', 'list', '--json')).find((one) => one.name === nasty('tablet')).device;
county.syncd('device', 'scope', device, '--areas', area, '--reason', nasty('scope'));
wang.agent('set', far, `head/name=${nasty('farther')}`);
wang.agent('new', 'household', '--area', other, '--draft', '--file', file('aside.json', { head: { name: nasty('aside') }, situation: { notes: nasty('kept') } }));
wang.agent('sync');

// ---- what the staff says ----

const asked = async (name, target, body) => {
  const answer = await name.post(target, body);
  if (answer.status !== 200) throw new Error(`${target}: ${answer.text}`);
  return answer.json;
};
const reviewer = await county.browser(STAFF.county);
const admin = await county.browser(STAFF.admin);
await asked(reviewer, `/api/records/${home}/notes`, { kind: 'return', text: nasty('return') });
await asked(reviewer, `/api/records/${home}/notes`, { kind: 'comment', text: nasty('comment'), field: 'head/name' });
await asked(reviewer, `/api/records/${home}/tasks`, { kind: '2', due: '2030-01-05', message: nasty('task'), assignee: '' });
await asked(reviewer, '/api/tokens', { name: nasty('program'), may: 'read', areas: ['430626000000'], secret: county.people[STAFF.county].secret });
await asked(reviewer, `/api/meetings/${meeting}/decide`, { item: '', decision: 'stands', reason: nasty('verdict') });
const newcomer = await asked(admin, '/api/people', { name: nasty('newcomer'), role: 'township', areas: ['430626117000'] });
const again = await asked(admin, `/api/people/${newcomer.person}/reset`, {});

// ---- the walk ----

const desk = new DeskPages(county, 'markup');
await desk.start();
let walked = 0;

// All that a page says, wherever.
const saying = () => [document.body.textContent,
  ...[...document.querySelectorAll('input, textarea')].map((one) => one.value),
  ...[...document.querySelectorAll('[title], [aria-label]')].map((one) => one.title + one.ariaLabel)].join('\n');

// What is marked up on a page and is not ours.
const markup = () => [...document.querySelectorAll('*')].filter((one) => one.matches('img[src=x], body script') ||
  [...one.attributes].some(({ name, value }) => name.startsWith('on') || /^\s*javascript:/i.test(value)))
  .map((one) => one.outerHTML);

// Everything that is marked up on the page is ours, and all these texts are there.
async function innocent(page, name, ...texts) {
  let said;
  let lacking;

  // At one moment: the page before may have had some of them, too.
  for (const last = Date.now() + 30000; ; await new Promise((done) => setTimeout(done, 50))) {
    said = await page.evaluate(saying);
    lacking = texts.filter((text) => !said.includes(tail(text))).map((text) => `${text} is not there`);
    if (lacking.length === 0 || Date.now() > last) break;
  }
  const found = await page.evaluate(markup);

  walked++;
  ok(found.length + lacking.length === 0, `${name}: letters are letters`, [...found, ...lacking, lacking.length > 0 ? said : ''].join('\n'));
}
const at = async (page, hash) => {
  await page.goto(`${county.console}/#/home`);
  await page.goto(`${county.console}/#/${hash}`);
};
const dialog = async (page, button, name, ...texts) => {
  await page.getByRole('button', { name: button, exact: true }).first().click();
  await page.getByRole('dialog').waitFor();
  await innocent(page, name, ...texts);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

async function cases() {
  const page = await desk.open(STAFF.county);

  await innocent(page, 'home', 'reviewer', 'village', 'head', 'newcomer');
  await at(page, 'records');
  await innocent(page, 'list of records', 'head', 'twin', 'village', 'town');
  await page.getByLabel('搜索').fill(nasty('sought'));
  await page.keyboard.press('Enter');
  await innocent(page, 'what is searched for', 'sought');
  await at(page, `records/${encodeURIComponent(home)}`);
  await innocent(page, 'household', 'head', 'notes', 'village');
  await page.locator('.versions .version').first().waitFor();
  await innocent(page, 'history', 'wangsays', 'zhangsays', 'wang', 'tablet');
  ok((await page.getByRole('tablist').boundingBox()).height > 30, 'a long history leaves room for the tabs above it');
  await page.getByRole('tab', { name: /批注/ }).click();
  await innocent(page, 'notes', 'return', 'comment', 'reviewer');
  await page.getByRole('tab', { name: /入户任务/ }).click();
  await innocent(page, 'tasks', 'task');
  await dialog(page, '安排入户', 'sending somebody', 'wang');
  await page.getByRole('button', { name: '查看隐去内容' }).click();
  await page.getByRole('dialog').getByLabel(/理由/).fill(nasty('why'));
  await page.getByRole('dialog').getByRole('button', { name: '查看', exact: true }).click();
  await innocent(page, 'behind the mask', 'member', 'head');
  await page.getByRole('tab', { name: '收入' }).click();
  await innocent(page, 'income', 'head');
  await page.emulateMedia({ media: 'print' });
  ok((await page.locator('.sheet').innerText()).includes(nasty('member')), 'the sheet has them in letters');
  await innocent(page, 'sheet of a household', 'head', 'notes', 'village');
  await at(page, `records/${encodeURIComponent(form)}`);
  await innocent(page, 'sheet of another form', 'title', 'somebody', 'former', 'within');
  await page.emulateMedia({ media: 'screen' });
  await innocent(page, 'record of another form', 'somebody', 'former', 'repeat');
  await at(page, 'conflicts');
  await innocent(page, 'conflicts', 'village', 'former', 'question');
  await at(page, 'conflicts?kind=soft');
  await innocent(page, 'broken rules', 'village');
  await at(page, 'conflicts?kind=same');
  await innocent(page, 'maybe the same', 'twin');
  await at(page, `conflicts/${encodeURIComponent(home)}`);
  await innocent(page, 'broken rules of one family', 'wangsays', 'zhangsays', 'wang', 'tablet', 'village');
  await at(page, `conflicts/${encodeURIComponent(twin)}`);
  await innocent(page, 'two families that may be one', 'twin', 'head', 'village');
  await at(page, `conflicts/${encodeURIComponent(form)}`);
  await innocent(page, 'two choices and a broken rule', 'choice', 'other', 'question', 'rule', 'one', 'two');
  const side = page.locator('.column').filter({ hasText: tail('two') });
  await side.getByRole('button', { name: '保留这一份' }).click();
  await page.getByRole('button', { name: /写明理由/ }).waitFor();
  await innocent(page, 'what a button would keep', 'two');
  await at(page, 'conflicts?kind=aside');
  await innocent(page, 'kept aside', 'far', 'wang', 'tablet', 'hamlet');
  const { items } = (await reviewer.get('/api/quarantine')).json;
  for (const one of items) {
    await at(page, `conflicts/aside/${encodeURIComponent(one.dot)}`);
    await innocent(page, 'a change that was kept aside', one.known ? 'farther' : 'aside', 'wang', 'tablet', 'hamlet');
    if (!one.known) await innocent(page, 'what it says', 'kept');
  }
  ok(items.length === 2, 'both of them');
  await at(page, 'meetings');
  await innocent(page, 'meetings', 'meeting', 'village');
  await at(page, `meetings/${encodeURIComponent(meeting)}`);
  await innocent(page, 'a meeting', 'meeting', 'place', 'chair', 'recorder', 'head', 'twin', 'verdict', 'reviewer');
  await dialog(page, '裁定这次会议', 'deciding on it', 'meeting');
  await at(page, `confirm/${again.person}`);
  await innocent(page, 'a new secret', 'newcomer', 'admin');
  await at(page, 'me');
  await innocent(page, 'oneself', 'reviewer', 'program');
  await page.context().close();
}

async function managing() {
  const page = await desk.open(STAFF.admin);
  const choose = async (button, what) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByText(button, { exact: true }).click()]);
    await chooser.setFiles(what);
  };

  await at(page, 'people');
  await innocent(page, 'people', 'admin', 'reviewer', 'auditor', 'newcomer', 'program');
  await page.getByRole('link', { name: tail('reviewer') }).click();
  await innocent(page, 'a person', 'reviewer');
  await page.keyboard.press('Escape');
  await at(page, 'devices');
  await innocent(page, 'tablets', 'tablet', 'wang', 'village');
  await at(page, `devices/${device}`);
  await innocent(page, 'a tablet', 'tablet', 'wang', 'village');
  await page.getByRole('button', { name: '重新登记' }).click();
  await page.getByRole('dialog').getByLabel('平板名称').fill(nasty('renamed'));
  await page.getByRole('dialog').getByRole('button', { name: '生成登记码' }).click();
  await page.locator('.qr').waitFor();
  await innocent(page, 'a tablet that enrols', 'renamed');
  const at2 = workbook('two', 'second', 'latter');
  county.syncd('form', 'convert', at2, '--to', 'xlsx', `${work}/second.xlsx`);
  fs.renameSync(`${work}/second.xlsx`, `${work}/${nasty('file').replaceAll('/', '')}.xlsx`);
  await at(page, 'forms/new');
  await choose('选择工作簿', `${work}/${nasty('file').replaceAll('/', '')}.xlsx`);
  await page.getByText('可以发布').waitFor();
  await innocent(page, 'a form that is brought', 'file', 'title', 'second', 'former', 'latter');
  await page.getByLabel('理由').fill(nasty('published'));
  await page.getByRole('button', { name: '试填' }).click();
  await innocent(page, 'trying it', 'title', 'told', 'latter', 'question', 'choice', 'hint');
  await page.getByRole('textbox', { name: tail('latter') }).fill('x');
  await page.keyboard.press('Tab');
  await innocent(page, 'what is wrong', 'message');
  await page.getByRole('textbox', { name: tail('latter') }).fill(nasty('tried'));
  await page.keyboard.press('Tab');
  await innocent(page, 'an answer', 'tried');
  await page.keyboard.press('Escape');
  await page.getByLabel('理由').fill(nasty('published'));
  await page.getByRole('button', { name: /发布为第 2 版/ }).click();
  await innocent(page, 'a form', 'title', 'second', 'first', 'published', 'admin', 'tablet', 'wang', 'former', 'latter');
  await at(page, 'forms');
  await innocent(page, 'forms', 'title', 'second');
  await page.context().close();
}

async function auditing() {
  const page = await desk.open(STAFF.auditor);

  await at(page, 'log');
  await innocent(page, 'log', 'reviewer', 'scope', 'why', 'published');
  await at(page, `log?who=${encodeURIComponent(nasty('whoever'))}&object=${encodeURIComponent(nasty('object'))}`);
  await innocent(page, 'a filter that somebody else has written', 'whoever', 'object');
  await at(page, `audit/changes?record=${encodeURIComponent(home)}`);
  await innocent(page, 'changes', 'head', 'wangsays', 'wang', 'tablet');
  await at(page, `audit/tablet?device=${device}`);
  await innocent(page, 'what a tablet holds', 'head');
  for (const question of ['visits', 'incomes']) {
    await at(page, `audit/${question}`);
    await page.locator('.table, .empty').first().waitFor();
    await innocent(page, question);
  }
  await at(page, `records/${encodeURIComponent(home)}<img src=x onerror=hit()>`);
  await page.getByRole('alert').waitFor();
  await innocent(page, 'an address that is bent');
  await page.context().close();
}

// The look itself: a page that does it wrong.
async function teeth() {
  const page = await (await desk.browser.newContext()).newPage();

  await page.setContent(`<!doctype html><body><p>${nasty('wrong')}</p><a href="javascript:hit()">a</a></body>`);
  ok((await page.evaluate(markup)).length === 3, 'a page that does it wrong is caught');
  await page.context().close();
}

await desk.run({ cases, managing, auditing, teeth });
ok(walked > 40, `${walked} looks`);
for (const one of [wang, zhang]) await one.stop();
await desk.end(work);
