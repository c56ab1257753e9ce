// test_past.mjs: what a draft shows beside its questions: what the record said before, also of each
// member, when and by whom; where people contradict each other; a rule that their answers break
// together, which holds nobody up.
import fs from 'node:fs';
import path from 'node:path';
import { tap } from '../client/test_vectors.mjs';
import { Browser, County, Tablet, area, folder } from './web.mjs';

const { ok, check, end } = tap();
const work = folder('past');
const sheets = path.join(work, 'payment');
fs.mkdirSync(sheets);
fs.writeFileSync(path.join(sheets, 'survey.csv'), `type,name,label,constraint,constraint_message,bind::yg:warning,bind::yg:merge
text,name,Name,,,,human
integer,amount,Due,,,,human
integer,paid,Paid,. <= \${amount},More was paid than is due,. > 0,human
begin repeat,item,Item,,,,
text,what,What,,,,human
integer,count,Count,,,,human
end repeat,,,,,,
`);
fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title,version\npayment,Payment,1\n');

const county = new County(work);
county.syncd('form', 'publish', sheets);
await county.start();
const tablet = new Tablet(county, 'wang');
const other = new Tablet(county, 'zhang');
await tablet.start();
const wang = new Browser(tablet);
await wang.launch();
await wang.unlock();

const begun = (await wang.post('/api/drafts', { form: 'payment', area })).json;
const answer = async (draft, answers) => (await wang.post(`/api/drafts/${draft}/answers`, { answers:
  Object.entries(answers).map(([ref, value]) => ({ ref, value })) })).json;
const whole = async (draft) => Object.fromEntries((await wang.get(`/api/drafts/${draft}`)).json
  .questions.map((one) => [one.ref.replace('/data/', ''), one]));
ok(begun.questions.every((one) => !one.last), 'a new record had nothing before');
for (let i = 0; i < 3; i++) await wang.post(`/api/drafts/${begun.draft}/add`, { ref: 'item' });
await answer(begun.draft, { name: 'Li', amount: '100', paid: '40', 'item[1]/what': 'rice',
  'item[1]/count': '1', 'item[2]/what': 'pigs', 'item[2]/count': '3', 'item[3]/what': 'hens',
  'item[3]/count': '12' });
const record = (await wang.post(`/api/drafts/${begun.draft}/finish`)).json.id;
ok(record, 'a record with three items');

// --- before ---
let draft = (await wang.post('/api/drafts', { record })).json.draft;
let now = await whole(draft);
check('what stood there before', now.amount.last.value, '100');
check('and who wrote it', now.amount.last.author, 'wang');
ok(/^\d{4}-\d\d-\d\dT/.test(now.amount.last.at), 'and when');
check('inside of repeats, too', now['item[2]/count'].last.value, '3');
await wang.post(`/api/drafts/${draft}/remove`, { ref: 'item[1]' });
now = await whole(draft);
check('it goes with its item when one before that is removed', `${now['item[1]/what'].last.value} ${
  now['item[1]/count'].last.value}`, 'pigs 3');
await answer(draft, { 'item[1]/count': '4' });
await wang.post(`/api/drafts/${draft}/add`, { ref: 'item' });
now = await whole(draft);
check('a changed answer keeps what was before', `${now['item[1]/count'].value} ${
  now['item[1]/count'].last.value}`, '4 3');
ok(!now['item[3]/what'].last, 'a new item had nothing before');
ok((await answer(draft, { paid: '0' })).questions.find((one) => one.ref === '/data/paid').warning,
  'a warning stands beside its question');
check('and hinders nothing', (await wang.post(`/api/drafts/${draft}/finish`)).status, 200);

// --- a rule that two have broken together ---

const sync = (one) => one.agent('sync');
sync(tablet);
sync(other);
tablet.agent('set', record, 'paid=90');
other.agent('set', record, 'amount=50');
for (const one of [tablet, other, tablet]) sync(one);
await wang.unlock();
const shown = (await wang.get(`/api/records/${record}`)).json.conflicts[0];
check('the record tells of it', `${shown.path} ${shown.kind} ${shown.sides[0].rule}`,
  'paid soft More was paid than is due');
draft = (await wang.post('/api/drafts', { record })).json.draft;
now = await whole(draft);
check('beside the question', now.paid.soft, 'More was paid than is due');
ok(!now.paid.error, 'and not as an error');
await answer(draft, { name: 'Li Gui' });
check('somebody who changes something else is not held up',
  (await wang.post(`/api/drafts/${draft}/finish`)).status, 200);
draft = (await wang.post('/api/drafts', { record })).json.draft;
await answer(draft, { paid: '95' });
now = await whole(draft);
ok(now.paid.error && !now.paid.soft, 'whoever breaks it anew is told so');
check('and cannot finish', (await wang.post(`/api/drafts/${draft}/finish`)).status, 422);
await answer(draft, { paid: '50' });
now = await whole(draft);
ok(!now.paid.error && !now.paid.soft, 'nor does it stand there when it is mended');
check('which ends it', (await wang.post(`/api/drafts/${draft}/finish`)).status, 200);
check('for the record, too', (await wang.get(`/api/records/${record}`)).json.conflicts.length, 0);

// --- people who contradict each other ---
tablet.agent('set', record, 'name=Li Da');
other.agent('set', record, 'name=Li Xiao');
for (const one of [tablet, other, tablet]) sync(one);
draft = (await wang.post('/api/drafts', { record })).json.draft;
now = await whole(draft);
ok(now.name.conflict && !now.name.value && !now.name.last, 'the question tells that they do');

// --- names of areas ---
fs.writeFileSync(`${work}/names.csv`, '430626117000,福寿山镇\n430626117205,芦洞村\n430626117206,大义村\n' +
  '430626118201,别处村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'list of villages');
const clerk = new Tablet(county, 'liu', '430626117');
await clerk.start();
const liu = new Browser(clerk);
await liu.launch();
await liu.unlock();
check('a grant for a township brings its villages by name', JSON.stringify((await liu.get('/api/areas')).json),
  JSON.stringify({ areas: [{ area: '430626117000', name: '福寿山镇', parted: true },
    { area: '430626117205', name: '芦洞村', within: '福寿山镇', village: true },
    { area: '430626117206', name: '大义村', within: '福寿山镇', village: true }] }));
await liu.post('/api/drafts', { form: 'payment', area: '430626117206' });
const listed = (await liu.get('/api/home')).json.drafts[0];
check('a draft says where and what it is', `${listed.area_name} ${listed.form_title}`, '大义村 Payment');
await clerk.stop();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
