// bench_console.mjs: every route of the console that reads, asked by HTTP of a real yg-syncd over a
// county of any size (bench_county.c makes one), by five people of different roles: bytes, median
// and 95th of a hundred in milliseconds as the client has them, and the milliseconds of the
// server's processor, which do not depend on what else the machine does. Whatever takes longer than
// 100 ms is marked. Then all households as CSV: lines a minute, and the memory of the server.
//
//   make bench-console FOLDER=/somewhere RECORDS=1000000
//   node tests/bench/bench_console.mjs FOLDER [ROUNDS [WORD]]      WORD: only what has it in its line
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const [folder, rounds = '15', word = ''] = process.argv.slice(2);
const build = path.resolve(process.env.YG_BUILD ?? 'build');
const LIMIT_MS = 100;
const NOBODY = '0'.repeat(14) + 'ff';
const TOWNSHIP = '430626103';
const VILLAGE = '430626103205';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const where = `${folder}/console.address`;
fs.rmSync(where, { force: true });
const server = spawn(`${build}/yg-syncd`, ['serve', '--data', folder, '--listen', '127.0.0.1:0', '--plain',
  '--console', '127.0.0.1:0', '--console-port-file', where],
{ stdio: ['ignore', 'ignore', fs.openSync(`${folder}/console.log`, 'w')] });
process.on('exit', () => server.kill('SIGKILL'));
while (!fs.existsSync(where)) {
  if (server.exitCode !== null) throw new Error(fs.readFileSync(`${folder}/console.log`, 'utf8'));
  await pause(20);
}
const port = Number(/:(\d+)/.exec(fs.readFileSync(where, 'utf8'))[1]);

// Nanoseconds on a processor of all threads, those that have ended left out: none do.
function cpuMs() {
  const tasks = `/proc/${server.pid}/task`;
  return fs.readdirSync(tasks).reduce((sum, one) =>
    sum + Number(fs.readFileSync(`${tasks}/${one}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e6;
}
const memory = (what) => Number(new RegExp(`${what}:\\s*(\\d+)`).exec(
  fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
const load = () => fs.readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');

function send(method, target, cookie, body) {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = { 'accept-language': 'zh', 'sec-fetch-site': 'same-origin', connection: 'keep-alive' };

  if (cookie) headers.cookie = cookie;
  if (bytes) Object.assign(headers, { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json', 'content-length': bytes.length });
  return new Promise((done, fail) => {
    const request = http.request({ port, host: '127.0.0.1', agent, method, path: target, headers }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    request.on('error', fail);
    request.end(bytes);
  });
}

const cookies = {};
for (const name of ['admin', 'county', 'clerk', 'township', 'auditor']) {
  const answer = await send('POST', '/api/login', undefined, { name, secret: `the long secret of ${name}` });
  if (answer.status !== 200) throw new Error(`${name}: ${answer.body}`);
  cookies[name] = answer.headers['set-cookie'][0].split(';')[0];
}
async function json(name, target, body) {
  const answer = await send(body ? 'POST' : 'GET', target, cookies[name], body);
  if (answer.status !== 200) throw new Error(`${target}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

// ---- what there is to ask for ----

const day = (days) => new Date(Date.now() - days * 86400000).toISOString().slice(0, 10);
const records = async (query) => json('county', `/api/records?${query}`);
const cursor = async (query) => encodeURIComponent((await records(`limit=1&${query}`)).next);
const home = (await records(`form=household&area=${TOWNSHIP}&limit=1`)).items[0];
const edited = (await records(`form=household&area=${TOWNSHIP}&state=conflict&limit=1`)).items[0];
const visit = (await records(`form=visit&area=${TOWNSHIP}&limit=1`)).items[0];
const half = `after=${await cursor(`to=${day(180)}`)}`;
const open = await json('county', '/api/conflicts?limit=200');
let deep = open.next;
for (let i = 0; i < 12 && deep; i++)
  deep = (await json('county', `/api/conflicts?limit=200&after=${deep}`)).next ?? deep;
const aside = await json('county', '/api/quarantine');
const meeting = (await json('county', '/api/meetings')).items[0];
const device = (await json('admin', '/api/devices')).items[0];
const person = (await json('admin', '/api/people')).items.find((one) => one.name === 'county');
const worker = home.created_by?.person;
const form = (await json('admin', '/api/forms')).items.find((one) => one.name === 'household');
const question = (await json('county', `/api/records/${edited.id}/conflicts`)).items[0];
const lastLog = await json('auditor', '/api/log');
const reason = '复核';

const cases = [];
const get = (name, pattern, target = pattern) => cases.push({ name, pattern: `GET ${pattern}`, target });
const post = (name, pattern, target, body) => cases.push({ name, pattern: `POST ${pattern}`, target, body });

for (const name of ['admin', 'county', 'clerk', 'township', 'auditor']) get(name, '/api/home');
for (const name of ['admin', 'county', 'township']) get(name, '/api/areas');
get('county', '/api/me');
get('county', '/api/routes');
get('county', '/api/sessions');
for (const query of ['', '?days=366', `?area=${TOWNSHIP}`, `?area=${VILLAGE}&days=366`]) get('county', '/api/inflow', `/api/inflow${query}`);

for (const query of ['', half, 'limit=200', 'order=name', `order=name&after=${await cursor('order=name&form=visit')}`,
  'order=area', 'order=created&descending=0', `area=${TOWNSHIP}`, `area=${VILLAGE}`, `area=${VILLAGE}&order=name`,
  'form=visit', `form=household&area=${TOWNSHIP}&state=conflict`, 'state=conflict', 'state=quarantined', 'state=sealed',
  'without=sealed,withdrawn&form=household', 'review=return', 'review=none&form=household&order=name',
  `person=${worker}`, `from=${day(30)}&to=${day(1)}`, `from=${day(300)}&to=${day(200)}&form=household&without=conflict&order=area`])
  get('county', '/api/records', `/api/records?${query}`);
get('township', '/api/records');
get('auditor', '/api/records', '/api/records?order=name');
for (const text of ['王', '王芳', 'wf', 'w', 'wangfang', '1234', '石牌', '爨', '石牌 wang', 'wang 1234'])
  post('county', '/api/records', '/api/records', { text });
post('county', '/api/records', '/api/records', { text: 'wf', order: 'name', form: 'household', state: 'conflict' });
post('county', '/api/records', '/api/records', { text: '王', area: TOWNSHIP });
post('township', '/api/records', '/api/records', { text: 'wf' });
for (const query of ['', `area=${TOWNSHIP}`, `form=household&from=${day(30)}`, 'state=conflict'])
  get('county', '/api/records/tally', `/api/records/tally?${query}`);

for (const one of [home, edited, visit]) {
  get('county', '/api/records/:record', `/api/records/${one.id}`);
  get('county', '/api/records/:record/history', `/api/records/${one.id}/history`);
}
get('county', '/api/records/:record/history', `/api/records/${edited.id}/history?path=situation/cause_main`);
get('county', '/api/records/:record/income', `/api/records/${home.id}/income`);
get('clerk', '/api/records/:record/workers', `/api/records/${home.id}/workers`);
get('county', '/api/records/:record/conflicts', `/api/records/${edited.id}/conflicts`);
get('county', '/api/records/:record/attachments/:hash', `/api/records/${home.id}/attachments/${'0'.repeat(64)}`);
post('clerk', '/api/records/:record/reveal', `/api/records/${home.id}/reveal`, { reason });
post('clerk', '/api/records/:record/history', `/api/records/${edited.id}/history`, { reason, path: '' });
post('clerk', '/api/records/:record/income', `/api/records/${home.id}/income`, { reason });
post('clerk', '/api/records/:record/conflicts', `/api/records/${edited.id}/conflicts`, { reason });
post('clerk', '/api/records/:record/attachments/:hash', `/api/records/${home.id}/attachments/${'0'.repeat(64)}`, { reason });
post('clerk', '/api/records/:record/effect', `/api/records/${edited.id}/effect`, { path: question.path, keep: question.sides[0].dot });

get('county', '/api/conflicts');
get('county', '/api/conflicts', `/api/conflicts?limit=200${deep ? `&after=${deep}` : ''}`);
get('county', '/api/conflicts', '/api/conflicts?kind=group,area');
get('county', '/api/conflicts', `/api/conflicts?area=${TOWNSHIP}`);
get('county', '/api/conflicts', `/api/conflicts?area=${VILLAGE}`);
get('township', '/api/conflicts');
get('county', '/api/quarantine');
get('county', '/api/quarantine', `/api/quarantine?after=${Number(aside.next ?? 0) * 5}`);
get('auditor', '/api/quarantine', '/api/quarantine?all=1');
get('township', '/api/quarantine');
for (const { dot } of [aside.items[0], aside.items.at(-1)])
  get('county', '/api/quarantine/:dot', `/api/quarantine/${encodeURIComponent(dot)}`);
post('county', '/api/quarantine/:dot/reveal', `/api/quarantine/${encodeURIComponent(aside.items[0].dot)}/reveal`, { reason });
get('county', '/api/meetings');
get('county', '/api/meetings', `/api/meetings?area=${VILLAGE}`);
get('county', '/api/meetings/:meeting', `/api/meetings/${meeting.id}`);
get('admin', '/api/people');
get('admin', '/api/people/:person/sessions', `/api/people/${person.person}/sessions`);
get('county', '/api/tokens');
get('admin', '/api/people/tokens');
get('admin', '/api/confirmations');
get('admin', '/api/devices');
get('admin', '/api/devices', `/api/devices?after=${(await json('admin', '/api/devices')).next}`);
get('township', '/api/devices');
get('admin', '/api/devices/:device', `/api/devices/${device.device}`);
get('auditor', '/api/log');
get('auditor', '/api/log', `/api/log?after=${Math.floor(lastLog.items[0].number / 2)}`);
get('auditor', '/api/log', '/api/log?who=clerk&action=reveal');
get('auditor', '/api/log', '/api/log?who=nobody');
get('auditor', '/api/log', `/api/log?object=${home.id}`);
get('auditor', '/api/log', `/api/log?from=${day(3)}&to=${day(2)}`);
get('admin', '/api/forms');
get('admin', '/api/forms/:form', `/api/forms/${form.form}`);
get('admin', '/api/forms/:form/difference/:other', `/api/forms/${form.form}/difference/${form.form}`);
get('admin', '/api/forms/:form/media/:name', `/api/forms/${form.form}/media/income_standard.csv`);
get('admin', '/api/forms/uploaded');
post('admin', '/api/forms/preview', '/api/forms/preview', { form: form.form });
for (const query of [`?area=${VILLAGE}`, `?area=${TOWNSHIP}`, '']) {
  get('auditor', '/api/audit/visits', `/api/audit/visits${query}`);
  get('auditor', '/api/audit/incomes', `/api/audit/incomes${query}`);
}
get('auditor', '/api/audit/changes/:record', `/api/audit/changes/${edited.id}`);
get('auditor', '/api/audit/tablet/:device', `/api/audit/tablet/${device.device}`);
post('auditor', '/api/audit/csv', '/api/audit/csv', { question: 'changes', record: edited.id, reason });
post('auditor', '/api/audit/export', '/api/audit/export', { reason, records: [home.id, edited.id] });
post('clerk', '/api/records/export', '/api/records/export', { form: 'household', format: 'csv', area: VILLAGE });

// ---- asking ----

const seen = new Set(cases.map((one) => one.pattern));
// A POST that a program's token opens only reads, too.
for (const { method, pattern, open: isOpen, token } of await json('county', '/api/routes')) {
  if ((method === 'GET' || token) && !isOpen && !/^\/api(\/\*|\/second)?$/.test(pattern) && !seen.has(`${method} ${pattern}`))
    console.log(`${method} ${pattern} is not asked for: add it here`);
}

async function ask({ name, pattern, target, body }) {
  const line = `${name} ${pattern.split(' ')[0]} ${decodeURIComponent(target)} ${body ? JSON.stringify(body) : ''}`;
  const took = [];
  let bytes = 0;

  if (!line.includes(word)) return;
  const first = await send(body ? 'POST' : 'GET', target, cookies[name], body);
  const before = cpuMs();
  // What takes seconds is not asked fifteen times.
  for (let i = 0, spent = 0; i < Number(rounds) && (i < 3 || spent < 5000); i++) {
    const started = process.hrtime.bigint();
    bytes = (await send(body ? 'POST' : 'GET', target, cookies[name], body)).body.length;
    took.push(Number(process.hrtime.bigint() - started) / 1e6);
    spent += took.at(-1);
  }
  const cpu = (cpuMs() - before) / took.length;
  took.sort((a, b) => a - b);
  const p95 = took[Math.floor((took.length - 1) * 0.95)];
  const mark = cpu > LIMIT_MS ? '##' : p95 > LIMIT_MS ? '#' : '';
  console.log(`${mark.padEnd(2)} ${String(first.status).padEnd(3)} ${String(bytes).padStart(8)} ${
    took[took.length >> 1].toFixed(1).padStart(8)} ${p95.toFixed(1).padStart(8)} ${cpu.toFixed(1).padStart(8)}  ${
    line.replace(/after=[0-9a-f]{40,}/, 'after=...')}`);
}

console.log(`load ${load()}; ${rounds} rounds; ## more than ${LIMIT_MS} ms of the processor, # in all`);
console.log(`${'bytes'.padStart(15)} ${'p50'.padStart(8)} ${'p95'.padStart(8)} ${'CPU ms'.padStart(8)}`);
for (const one of cases) await ask(one);
console.log(`load ${load()}; yg-syncd ${memory('VmRSS')} kB resident, ${memory('VmHWM')} kB at most`);

if (word === '' || 'export'.includes(word)) {
  const started = Date.now();
  const before = cpuMs();
  let lines = 0;

  await new Promise((done, fail) => {
    const body = Buffer.from(JSON.stringify({ form: 'household', format: 'csv' }));
    http.request({ port, host: '127.0.0.1', method: 'POST', path: '/api/records/export', headers: {
      cookie: cookies.county, 'sec-fetch-site': 'same-origin', origin: `http://127.0.0.1:${port}`,
      'content-type': 'application/json', 'content-length': body.length } }, (answer) => {
      answer.on('data', (piece) => { for (const byte of piece) lines += byte === 10; });
      answer.on('end', done);
    }).on('error', fail).end(body);
  });
  const seconds = (Date.now() - started) / 1000;
  console.log(`all households as CSV: ${lines} lines in ${seconds.toFixed(1)} s, ${
    Math.round(lines / seconds * 60)} a minute (${((cpuMs() - before) * 1000 / lines).toFixed(0)} us of the processor each); ${
    memory('VmHWM')} kB at most`);
}
agent.destroy();
server.kill('SIGTERM');
await new Promise((done) => server.once('exit', done));
