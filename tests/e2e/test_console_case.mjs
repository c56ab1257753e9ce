// test_console_case.mjs: the API of one record and of conflicts, on the real program: two tablets
// contradict each other; staff look, reveal, say something, send somebody, decide; what they said
// arrives on the tablets. And what is refused.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { tap } from '../client/test_vectors.mjs';
import { ConsoleCounty } from './console.mjs';
import { Tablet, area, folder } from './web.mjs';

const { ok, check, end } = tap();
const other = '430626117206';
const county = new ConsoleCounty(folder('console-case'));
for (const role of ['county', 'township', 'auditor', 'village', 'investigator', 'city', 'joint', 'pollster']) county.add(role);
county.add('township', 'elsewhere', '430626101000');
county.add('admin', 'manager');
for (const form of ['household', 'task', 'note']) county.publish(form);
await county.start();
const wang = new Tablet(county, 'wang', `${area},${other}`);
const zhang = new Tablet(county, 'zhang', `${area},${other}`);
const here = (name) => `${county.work}/${name}`;
const together = () => { for (const one of [wang, zhang, wang]) one.agent('sync'); };

// A household of which everybody knows what it lives on.
const family = {
  head: { name: '王桂兰', phone: '13800000001' }, home: { hukou_no: '430626001', group_name: '三组' },
  bank: { bank_name: '农商行', account_name: '王桂兰', account_no: '6222000011112222' },
  member: [{ name: '王桂兰', relation: '02', id_type: '1', id_no: '11010519491231002X', birth: '1952-03-14', health: '10',
    counting: { counted: '1' } }],
};
fs.writeFileSync(here('one.json'), JSON.stringify(family));
const record = wang.agent('new', 'household', '--area', area, '--draft', '--file', here('one.json'));
fs.writeFileSync(here('two.json'), JSON.stringify({ head: { name: '李国强' } }));
const second = wang.agent('new', 'household', '--area', other, '--draft', '--file', here('two.json'));
wang.agent('sync');
zhang.agent('sync');

const reviewer = await county.browser('county');
const browsers = {};
for (const name of ['township', 'auditor', 'village', 'investigator', 'city', 'elsewhere', 'joint', 'pollster'])
  browsers[name] = await county.browser(name);
const path = (what = '', id = record) => `/api/records/${id}${what}`;
const all = (values) => values.flatMap((one) => [one, ...all(one.values ?? []),
  ...(one.instances ?? []).flatMap((instance) => all(instance.values))]);
const named = (document, name) => all(document.values).find((one) => one.name === name);

// --- looking ---

{
  const { json } = await reviewer.get(path());
  check('a record has its title', json.title, '王桂兰');
  check('its answers stand in the groups of the form', json.values[0].kind, 'group');
  check('with their labels', named(json, 'phone').label, 'Telephone');
  check('what is sensitive is masked', named(json, 'account_no').value, '6***************');
  check('an identity number altogether', named(json, 'id_no').value, '****');
  check('a choice says its words', named(json, 'relation').text.length > 0, true);
  ok(/^[0-9a-f]{8}$/.test(json.head) && json.head !== '00000000', 'and the head of its feed', json.head);
  check('an auditor reads it too', (await browsers.auditor.get(path())).status, 200);
  check('it is not there for whoever has another area', (await browsers.elsewhere.get(path())).status, 404);
  check('nor is its history', (await browsers.elsewhere.get(path('/history'))).status, 404);
  check('nor can he say anything of it', (await browsers.elsewhere.post(path('/notes'), { text: 'x' })).status, 404);
  check('an id that is none', (await reviewer.get(path('', 'nonsense'))).status, 404);
  check('nobody looks behind the mask without a reason', (await reviewer.post(path('/reveal'), {})).status, 400);
  const seen = (await reviewer.post(path('/reveal'), { reason: '核对证件' })).json;
  check('with one he does', named(seen, 'id_no').value, '11010519491231002X');
  check('a supervisor of the city does not', (await browsers.city.post(path('/reveal'), { reason: 'x' })).status, 403);
  const log = JSON.parse(county.syncd('log', '--json')).filter((one) => one.action === 'reveal');
  check('the look is in the log, once', log.map((one) => [one.who, one.object, one.reason].join()).join(),
    `county,${record},核对证件`);
}

// --- history ---

wang.agent('set', record, 'home/group_name=四组');
wang.agent('sync');
zhang.agent('sync');
{
  const { json } = await reviewer.get(path('/history?path=home/group_name'));
  check('a field has its versions', json.items.map((one) => one.value).join(), '三组,四组');
  check('only the last one stands', json.items.map((one) => one.live).join(), 'false,true');
  check('who wrote it', json.items[1].author.name, 'wang');
  check('with what', json.items[1].device, 'tablet-wang');
  check('where', json.items[1].area.area, area);
  ok(json.items[1].received >= json.items[1].made && json.items[1].offline_ms >= 0, 'when it was made, and when it came');
  const hidden = (await reviewer.get(path('/history?path=bank/account_no'))).json;
  check('a sensitive one is masked', hidden.items[0].value, '6***************');
  const shown = (await reviewer.post(path('/history'), { path: 'bank/account_no', reason: '核对账号' })).json;
  check('until somebody says why', shown.items[0].value, '6222000011112222');
  ok((await reviewer.get(path('/history'))).json.items.length > 8, 'a record has all of them');
}

// --- a conflict, and two who decide at once ---

wang.agent('set', record, 'head/name=王桂花');
zhang.agent('set', record, 'head/name=王桂蓝');
together();
{
  const list = (await reviewer.get('/api/conflicts')).json;
  check('the list has it', list.items.map((one) => `${one.id} ${one.path} ${one.kind}`).join(), `${record} head/name field`);
  check('with a day by which', typeof list.items[0].due, 'string');
  check('not for other areas', (await browsers.elsewhere.get('/api/conflicts')).json.items.length, 0);
  check('nor for other kinds', (await reviewer.get('/api/conflicts?kind=soft,same')).json.items.length, 0);
  const { json } = await reviewer.get(path('/conflicts'));
  const [question] = json.items;
  check('two sides', question.sides.map((side) => side.values[0].value).sort().join(), '王桂花,王桂蓝');
  check('with their authors', question.sides.map((side) => side.author.name).sort().join(), 'wang,zhang');
  check('their tablets', question.sides.map((side) => side.device).sort().join(), 'tablet-wang,tablet-zhang');
  ok(question.sides.every((side) => side.made && side.received && side.offline_ms >= 0), 'and times');
  check('the policy of the form', question.fields[0].policy, 'human');
  check('what may be answered', question.answers.join(), 'keep,value');
  check('the asker may', `${question.may} ${question.why}`, 'true ');
  check('an auditor may not', (await browsers.auditor.get(path('/conflicts'))).json.items[0].why, 'role');
  const [kept, other] = ['王桂花', '王桂蓝'].map((name) => question.sides.find((side) => side.values[0].value === name));
  const effect = (await reviewer.post(path('/effect'), { path: 'head/name', keep: kept.dot })).json;
  check('what follows is computed', typeof effect.after.decided, 'boolean');
  const answer = { path: 'head/name', keep: kept.dot, position: json.position };
  check('a decision says why', (await reviewer.post(path('/resolve'), answer)).status, 400);
  check('the first decides', (await reviewer.post(path('/resolve'), { ...answer, reason: '查户口本' })).status, 200);
  const late = await browsers.township.post(path('/resolve'),
    { ...answer, keep: other.dot, reason: '看身份证' });
  check('the second is told', `${late.status} ${late.json.error}`, '409 moved');
  check('the list is empty again', (await reviewer.get('/api/conflicts')).json.items.length, 0);
  together();
  check('the tablets have it', JSON.parse(zhang.agent('show', record, '--json')).values['head/name'],
    '王桂花');
}

// --- a third value; both as items of their own ---

wang.agent('add', record, 'income', 'item_code=B101', 'qty_observed=4');
together();
const instance = Object.keys(JSON.parse(wang.agent('show', record, '--json')).values)
  .map((name) => /^income\[([^\]]+)\]/.exec(name)?.[1]).find(Boolean);
const pigs = `income[${instance}]/qty_observed`;
wang.agent('set', record, `${pigs}=6`);
zhang.agent('set', record, `${pigs}=2`);
together();
{
  const { json } = await reviewer.get(path('/conflicts'));
  const question = json.items.find((one) => one.path.startsWith('income'));
  ok(question.answers.includes('both'), 'an item of a list can be kept twice', JSON.stringify(question.answers));
  const keep = question.sides.find((side) => side.values.some((one) => one.value === '6'));
  const effects = [];
  for (const side of question.sides)
    effects.push((await reviewer.post(path('/effect'), { path: question.path, keep: side.dot })).json);
  ok(effects.every((one) => one.before.decided === false && one.after), 'before a decision nothing can be computed',
    JSON.stringify(effects));
  const answer = { path: question.path, keep: keep.dot, both: true, position: json.position, reason: '两栏猪' };
  const said = await reviewer.post(path('/resolve'), answer);
  check('both are kept', said.status, 200);
  together();
  const values = JSON.parse(zhang.agent('show', record, '--json')).values;
  check('as two items', Object.entries(values).filter(([name]) => name.endsWith('/qty_observed')).map(([, value]) => String(value))
    .sort().join(), '2,6');
  check('with the rest of it', Object.entries(values).filter(([name]) => name.endsWith('/item_code')).map(([, value]) => value)
    .join(), 'B101,B101');
}

// --- notes, tasks ---

{
  check('a comment on a field', (await reviewer.post(path('/notes'), { text: '请核对', field: 'head/phone' })).status, 200);
  check('a village worker comments too', (await browsers.village.post(path('/notes'), { text: '好' })).status, 200);
  check('but approves nothing', (await browsers.village.post(path('/notes'), { kind: 'approve', text: '' })).status, 403);
  check('a field that is not there', (await reviewer.post(path('/notes'), { text: 'x', field: 'no/such' })).status, 404);
  check('a return says what', (await reviewer.post(path('/notes'), { kind: 'return', text: ' ' })).status, 400);
  check('returned', (await reviewer.post(path('/notes'), { kind: 'return', text: '缺存折照片' })).status, 200);
  const { json } = await reviewer.get(path());
  check('the record has them', json.notes.map((one) => one.kind).sort().join(), 'comment,comment,return');
  check('and its state', json.review, 'return');
  const { json: workers } = await reviewer.get(path('/workers'));
  check('who can be sent', workers.items.map((one) => one.name).sort().join(), 'pollster,wang,zhang');
  const person = workers.items.find((one) => one.name === 'zhang').person;
  check('a visit is assigned', (await reviewer.post(path('/tasks'),
    { kind: '2', due: '2030-01-05', message: '补拍存折', assignee: person })).status, 200);
  check('not of a kind that is not there', (await reviewer.post(path('/tasks'), { kind: '77' })).status, 400);
  const task = (await reviewer.get(path())).json.tasks[0];
  check('it stands with the record', `${task.assignee} ${task.due} ${task.state}`, 'zhang 2030-01-05 open');
  together();
  ok(JSON.stringify(JSON.parse(zhang.agent('list', '--json'))).includes(record), 'it is on the tablet');
  check('and is called off', (await reviewer.post(`/api/tasks/${task.id}/cancel`, { reason: '已补' })).status, 200);
  check('nobody elsewhere does that', (await browsers.elsewhere.post(`/api/tasks/${task.id}/cancel`, { reason: 'x' })).status, 404);
}

// --- other bureaus, third parties ---

{
  const { joint, pollster } = browsers;
  check('another bureau reads, masked', named((await joint.get(path())).json, 'id_no').value, '****');
  check('  looks behind no mask', (await joint.post(path('/reveal'), { reason: 'x' })).json.error, 'role');
  check('  says a word', (await joint.post(path('/notes'), { text: '车管所无登记' })).status, 200);
  check('  but no verdict', (await joint.post(path('/notes'), { kind: 'approve', text: 'x' })).json.error, 'denied');
  wang.agent('sync');
  ok((await reviewer.get(path())).json.notes.some((one) => one.author.name === 'joint'), '  in his own name');
  check('nobody is made a tablet of who would hold too much',
    (await (await county.browser('manager')).post('/api/devices', { name: 'x', areas: [area], role: 'pollster' })).json.error, 'invalid');
  check('a pollster sees nothing of his own accord', (await pollster.get(path())).status, 404);
  check('  nor its history', (await pollster.get(path('/history'))).status, 404);
  check('  and has no list', (await pollster.get('/api/records')).json.error, 'role');
  const workers = (await reviewer.get(path('/workers'))).json.items;
  const { person } = workers.find((one) => one.role === 'pollster');
  const task = async (kind, id = record) => (await reviewer.post(path('/tasks', id), { kind, assignee: person, message: '抽查' })).json.id;
  await task('2');
  check('a task of another kind shows him nothing', (await pollster.get(path())).status, 404);
  const sent = await task('6');
  check('sent as a third party he has it in his queue',
    (await pollster.get('/api/home')).json.queue.map((one) => `${one.kind} ${one.record} ${one.title}`).join(), `assigned ${record} 王桂花`);
  const seen = (await pollster.get(path())).json;
  check('and sees it, masked', `${seen.title} ${named(seen, 'id_no').value}`, '王桂花 ****');
  check('  without what the office says of it', `${seen.notes.length} ${seen.tasks.length} ${seen.income}`, '0 0 false');
  check('  and no other', (await pollster.get(path('', second))).status, 404);
  check('  says nothing', (await pollster.post(path('/notes'), { text: 'x' })).json.error, 'role');
  await reviewer.post(`/api/tasks/${sent}/cancel`, { reason: '换人' });
  check('called off, it is gone', (await pollster.get(path())).status, 404);
}

// --- pictures ---

{
  spawnSync('node', [new URL('photo.mjs', import.meta.url).pathname, here('one.jpg'), '60000', '7']);
  county.publish('visit');
  wang.agent('sync');
  const visit = wang.agent('new', 'visit', '--area', area, '--draft');
  const hash = wang.agent('attach', visit, 'photos', here('one.jpg'));
  wang.agent('sync');
  const photo = all((await reviewer.get(path('', visit))).json.values)
    .flatMap((one) => [one, ...(one.elements ?? [])]).find((one) => one.attachment)?.attachment;
  check('the record names its photo', photo?.hash, hash);
  check('and says where it is', `${photo?.device}`, 'tablet-wang');
  const picture = await reviewer.get(path(`/attachments/${hash}`, visit));
  if (photo?.state === 'tablet') check('one that has not come is not there', picture.status, 404);
  else {
    check('here it is, byte for byte', Buffer.compare(picture.bytes, fs.readFileSync(here('one.jpg'))), 0);
    check('as nothing else than what it is', `${picture.headers['content-type']} ${picture.headers['x-content-type-options']}`,
      'image/jpeg nosniff');
  }
  check('not by way of a record that does not name it', (await reviewer.get(path(`/attachments/${hash}`))).status, 404);
  check('nor from elsewhere', (await browsers.elsewhere.get(path(`/attachments/${hash}`, visit))).status, 404);
  check('nor by a path', (await reviewer.get(path('/attachments/..%2f..%2fcounty.db', visit))).status, 404);
}

// --- a photo as the reason of a change ---

{
  const look = (at) => at.get(path('/conflicts', second)).then(({ json }) => json.items.find((one) => one.path === 'head/name'));
  spawnSync('node', [new URL('photo.mjs', import.meta.url).pathname, here('why.jpg'), '30000', '9']);
  spawnSync('node', [new URL('photo.mjs', import.meta.url).pathname, here('phone.jpg'), '31000', '10']);
  together();
  wang.agent('set', second, 'head/name=李国富', '--evidence', here('why.jpg'));
  zhang.agent('set', second, 'head/name=李国贵');
  zhang.agent('set', second, 'head/phone=13900001111', '--evidence', here('phone.jpg'));
  for (const one of [wang, zhang]) one.agent('sync');
  const side = (await look(reviewer)).sides.find((one) => one.evidence.length > 0);
  check('a side shows the photo that was given with it', `${side?.evidence.length} ${side?.evidence[0].state} ${side?.author.name}`, '1 here wang');
  const got = await reviewer.get(path(`/attachments/${side.evidence[0].hash}`, second));
  ok(got.status === 200 && got.bytes.equals(fs.readFileSync(here('why.jpg'))) && got.headers['content-type'] === 'image/jpeg' &&
    got.headers['x-content-type-options'] === 'nosniff', 'and it is served, as what it is', `${got.status}`);
  check('not elsewhere', (await browsers.elsewhere.get(path(`/attachments/${side.evidence[0].hash}`, second))).status, 404);
  check('nor by way of another record', (await reviewer.get(path(`/attachments/${side.evidence[0].hash}`))).status, 404);
  const secret = crypto.createHash('sha256').update(fs.readFileSync(here('phone.jpg'))).digest('hex');
  check('one that was given with something confidential is masked', (await reviewer.get(path(`/attachments/${secret}`, second))).status, 403);
  check('decided', (await reviewer.post(path('/resolve', second), { path: 'head/name', keep: side.dot, reason: '照片清楚',
    position: (await reviewer.get(path('/conflicts', second))).json.position })).status, 200);
  together();
  check('until somebody says why he looks', (await reviewer.post(path(`/attachments/${secret}`, second), { reason: '核对' })).status, 200);
}

// --- kept aside ---

{
  const device = JSON.parse(county.syncd('device', 'list', '--json')).find((one) => one.name === 'tablet-zhang').id
    ?? JSON.parse(county.syncd('device', 'list', '--json')).find((one) => one.name === 'tablet-zhang').device;
  county.syncd('device', 'scope', device, '--areas', area, '--reason', '分工');
  zhang.agent('set', second, 'head/name=李国庆');
  // And a record of which the county knows nothing yet.
  fs.writeFileSync(here('far.json'), JSON.stringify({ head: { name: '赵小兰', phone: '13912345678' } }));
  const far = zhang.agent('new', 'household', '--area', other, '--draft', '--file', here('far.json'));
  zhang.agent('sync');
  const list = (await browsers.township.get('/api/quarantine')).json;
  check('what came from outside of a scope waits', list.items.map((one) => `${one.record} ${one.state}`).join(), `${second} waits,${far} waits`);
  ok(list.items[0]?.why.length > 0 && list.items[0]?.author.name === 'zhang', 'with a sentence why, and its author');
  check('its value stands in the history', (await reviewer.get(path('/history', second))).json.items
    .filter((one) => one.quarantine).map((one) => one.value).join(), '李国庆');
  check('an investigator does not see the list', (await browsers.investigator.get('/api/quarantine')).status, 403);
  check('elsewhere it is empty', (await browsers.elsewhere.get('/api/quarantine')).json.items.length, 0);
  const { dot } = list.items[0];
  const kept = (await browsers.township.get(`/api/quarantine/${dot}`)).json;
  check('what it says is shown to who decides', kept.items.map((one) => `${one.within} ${one.name} ${one.value}`).join(), 'Head of the household name 李国庆');
  check('not to an investigator', (await browsers.investigator.get(`/api/quarantine/${dot}`)).status, 403);
  check('nor elsewhere', (await browsers.elsewhere.get(`/api/quarantine/${dot}`)).status, 404);
  check('nor what was not kept aside', (await browsers.township.get('/api/quarantine/0000000000000001-1')).status, 404);
  const waits = list.items.find((one) => one.record === far);
  ok(waits && !waits.known, 'a record waits that the county does not know', JSON.stringify(waits));
  const whole = (await browsers.township.get(`/api/quarantine/${waits.dot}`)).json;
  const said = Object.fromEntries(whole.items.map((one) => [one.name, one]));
  check('its content is read by the form that was filled', `${whole.form} ${said.name?.value} ${said.name?.label}`, `household 赵小兰 ${said.name?.label}`);
  ok(said.phone?.masked && !JSON.stringify(whole).includes('12345678'), 'what is confidential is masked', JSON.stringify(said.phone));
  check('a look behind says why', (await browsers.township.post(`/api/quarantine/${waits.dot}/reveal`)).status, 400);
  check('and is logged', (await browsers.township.post(`/api/quarantine/${waits.dot}/reveal`, { reason: '核对' })).json.items
    .find((one) => one.name === 'phone').value, '13912345678');
  check('it is given back with a reason', (await browsers.township.post('/api/quarantine', { dots: [waits.dot], release: false, reason: '请由本村登记' })).status, 200);
  check('which stands there', (await browsers.township.get(`/api/quarantine/${waits.dot}`)).json.reason, '请由本村登记');
  check('nor released from there', (await browsers.elsewhere.post('/api/quarantine', { dots: [dot], release: true, reason: 'x' })).status, 403);
  check('a release says why', (await browsers.township.post('/api/quarantine', { dots: [dot], release: true })).status, 400);
  check('released', (await browsers.township.post('/api/quarantine', { dots: [dot], release: true, reason: '属实' })).status, 200);
  check('and read', (await reviewer.get(path('', second))).json.title, '李国庆');
  check('it waits no longer', (await browsers.township.get('/api/quarantine')).json.items.length, 0);
  check('but is remembered', (await browsers.township.get('/api/quarantine?all=1')).json.items[0].state, 'released');
}

check('the county verifies', JSON.parse(county.syncd('verify', '--json')).findings?.length ?? 0, 0);
check('it stops', await county.stop() ?? 0, 0);
end();
