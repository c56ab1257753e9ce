// test_console_api.mjs: the console's API on the real program: every role at every route, and what
// strangers, other pages, guessers and bent names get.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { tap } from '../client/test_vectors.mjs';
import { ConsoleCounty, DeskBrowser, ROLES } from './console.mjs';
import { build, folder, send } from './web.mjs';

const { ok, check, end } = tap();
const county = new ConsoleCounty(folder('console'));
for (const role of ROLES) county.add(role);
await county.start();

// --- every role at every route ---
//
// A row is a route: who may, and a request that gets past the gate but changes nothing (an id that
// nobody has, a body that is refused). A new route without a row fails below.

const STAFF = ROLES;
const MANAGERS = ['admin'];
const AUDITORS = ['auditor', 'city'];
const NOBODY = '00000000000000ff';
const MATRIX = [
  ['POST', '/api/logout', STAFF],
  ['GET', '/api/me', STAFF],
  ['POST', '/api/secret', STAFF],
  ['GET', '/api/routes', STAFF],
  ['GET', '/api/people', [...MANAGERS, ...AUDITORS]],
  ['POST', '/api/people', MANAGERS],
  ['POST', '/api/people/:person/disable', MANAGERS],
  ['POST', '/api/people/:person/enable', MANAGERS],
  ['POST', '/api/people/:person/rights', MANAGERS],
  ['POST', '/api/people/:person/reset', MANAGERS],
  ['GET', '/api/audit/visits', AUDITORS],
  ['GET', '/api/audit/incomes', AUDITORS],
  ['GET', '/api/audit/changes/:record', AUDITORS],
  ['GET', '/api/audit/tablet/:device', AUDITORS],
  ['POST', '/api/audit/export', AUDITORS],
  ['GET', '/api', STAFF],
  ['GET', '/api/*', STAFF],
  ['POST', '/api/*', STAFF],
];
const OPEN = ['POST /api/login', 'GET /', 'GET /*'];

const browsers = {};
for (const role of ROLES) browsers[role] = await county.browser(role);
{
  const routes = (await browsers.county.get('/api/routes')).json;
  const rows = new Map(MATRIX.map(([method, pattern, roles]) => [`${method} ${pattern}`, roles]));
  for (const { method, pattern, open, roles } of routes) {
    const name = `${method} ${pattern}`;
    if (open) ok(OPEN.includes(name) && roles.length === 0, `${name} is open to all, as it should be`);
    else check(`${name} has its row, and the roles in it`, [...roles].sort().join(), [...(rows.get(name) ?? [])].sort().join());
    rows.delete(name);
  }
  check('no row is of a route that is not there', [...rows.keys()].join(), '');
}
for (const [method, pattern, roles] of MATRIX) {
  const target = pattern.replace('*', 'nothing').replace(/:\w+/g, NOBODY);
  const stranger = new DeskBrowser(county);
  const answer = method === 'GET' ? await stranger.get(target) : await stranger.post(target);
  check(`nobody: ${method} ${pattern}`, `${answer.status} ${answer.json?.error}`, '401 login');
  if (pattern === '/api/logout') continue;
  for (const role of ROLES) {
    const browser = browsers[role];
    const { status, json } = method === 'GET' ? await browser.get(target) : await browser.post(target);
    if (roles.includes(role)) ok(status !== 401 && json?.error !== 'role', `${role}: ${method} ${pattern}`, `${status}`);
    else check(`${role} not: ${method} ${pattern}`, `${status} ${json?.error}`, '403 role');
  }
}

// --- sessions ---

{
  const browser = new DeskBrowser(county);
  browser.cookie = `yg_desk=${'0'.repeat(64)}`;
  const before = browser.cookie;
  const answer = await browser.login('county');
  const cookie = answer.headers['set-cookie'][0];
  ok(/^yg_desk=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=\/$/.test(cookie), 'the cookie stays in the browser');
  ok(browser.cookie !== before, 'a token that somebody has planted is not taken over');
  check('and means nothing afterwards either', (await send(county.consolePort, 'GET', '/api/me',
    { ...browser.headers(), cookie: before })).status, 401);
  const held = browser.cookie;
  check('who it is', (await browser.get('/api/me')).json.name, 'county');
  await browser.post('/api/logout');
  check('after logging out the token is worth nothing', (await send(county.consolePort, 'GET', '/api/me',
    { ...browser.headers(), cookie: held })).status, 401);
}
{
  const [one, two] = [await county.browser('clerk'), await county.browser('clerk')];
  const held = one.cookie;
  const fresh = 'another long secret of clerk';
  check('a wrong secret changes nothing',
    (await one.post('/api/secret', { old: 'no', new: fresh })).json.error, 'denied');
  check('a short one is refused',
    (await one.post('/api/secret', { old: county.people.clerk.secret, new: 'short' })).json.error, 'invalid');
  check('a common one is refused',
    (await one.post('/api/secret', { old: county.people.clerk.secret, new: 'Password123' })).json.error, 'invalid');
  check('a good one is taken',
    (await one.post('/api/secret', { old: county.people.clerk.secret, new: fresh })).json.stage, 'done');
  county.people.clerk.secret = fresh;
  ok(one.cookie !== held, 'and brings a new token');
  check('the former one is worth nothing', (await send(county.consolePort, 'GET', '/api/me',
    { ...one.headers(), cookie: held })).status, 401);
  check('the same person elsewhere is logged out', (await two.get('/api/me')).status, 401);
  check('here he goes on', (await one.get('/api/me')).json.name, 'clerk');
}

// --- the first time ---

{
  const admin = browsers.admin;
  const made = (await admin.post('/api/people', { name: 'new', role: 'township', areas: ['430626101'] })).json;
  ok(/^\w{4}-\w{4}-\w{4}$/.test(made.secret), 'whoever is new gets a secret for one time');
  const browser = new DeskBrowser(county);
  check('with which he comes as far as changing it', (await browser.login('new', made.secret)).json.stage, 'change');
  check('and no further', (await browser.get('/api/routes')).json.error, 'stage');
  check('then he is in', (await browser.post('/api/secret', { old: made.secret, new: 'a secret of my own' })).json.stage, 'done');
  check('where he may', (await browser.get('/api/me')).json.areas.map((one) => one.area).join(), '430626101000');
  const old = new DeskBrowser(county);
  check('the first secret is over', (await old.login('new', made.secret)).status, 403);
  const { person } = (await browser.get('/api/me')).json;
  check('disabled, he is out at once', (await admin.post(`/api/people/${person}/disable`, { reason: 'moved' })).status, 200);
  check('  his session too', (await browser.get('/api/me')).status, 401);
  check('  and cannot come in', (await browser.login('new', 'a secret of my own')).status, 403);
}

// --- nobody raises himself, nobody reaches beyond his areas ---

{
  const admin = browsers.admin;
  const { person } = (await admin.get('/api/me')).json;
  for (const what of ['disable', 'rights', 'reset'])
    check(`not himself: ${what}`, (await admin.post(`/api/people/${person}/${what}`,
      { role: 'county', areas: ['430626'], reason: 'x' })).json.error, 'denied');
  county.add('admin', 'small', '430626101000');
  const small = await county.browser('small');
  check('a manager of one township sees its people only',
    (await small.get('/api/people')).json.items.map((one) => one.name).sort().join(), 'new,small');
  check('and makes nobody beyond it',
    (await small.post('/api/people', { name: 'x', role: 'county', areas: ['430626'] })).status, 403);
  check('nor touches anybody there', (await small.post(`/api/people/${person}/reset`)).status, 404);
}

// --- other pages, bent names ---

const here = `127.0.0.1:${county.consolePort}`;
const reader = browsers.county;
for (const host of ['evil.example', '127.0.0.1', `127.0.0.1:${county.consolePort}0`, `evil.example:${county.consolePort}`])
  for (const target of ['/', '/api/me'])
    check(`Host: ${host} for ${target}`, (await send(county.consolePort, 'GET', target, { ...reader.headers(), host })).status, 421);
for (const headers of [
  {}, { origin: 'http://evil.example' }, { origin: 'null' }, { origin: `https://${here}` },
  { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'cross-site', origin: `http://${here}` },
])
  check(`a write with ${JSON.stringify(headers)}`, (await send(county.consolePort, 'POST', '/api/secret',
    { cookie: reader.cookie, 'content-type': 'application/json', ...headers }, '{}')).json.error, 'origin');
for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined])
  check(`a write as ${type}`, (await send(county.consolePort, 'POST', '/api/secret',
    { cookie: reader.cookie, origin: `http://${here}`, ...(type && { 'content-type': type }) }, '{}')).json.error, 'content_type');
check('a foreign page cannot read', (await send(county.consolePort, 'GET', '/api/me',
  { ...reader.headers(), origin: 'http://evil.example' })).status, 403);
for (const target of ['/../county.db', '/%2e%2e/county.db', '/..%2fcounty.db', '/app.mjs/..', '/county.db', '/app.mjs%00'])
  ok([400, 404].includes((await reader.get(target)).status), `no way out of the pages: ${target}`);
{
  const { headers } = await reader.get('/');
  ok(headers['content-security-policy'].startsWith("default-src 'none'; script-src 'self'"), 'pages load nothing from elsewhere');
  check('nobody frames them', /frame-ancestors 'none'/.test(headers['content-security-policy']), true);
  check('answers are not kept', (await reader.get('/api/me')).headers['cache-control'], 'no-store');
}

// --- an inspector's file ---

{
  const { auditor, city } = browsers;
  check('an export says why', (await auditor.post('/api/audit/export', {})).status, 400);
  const { status, bytes, headers } = await auditor.post('/api/audit/export', { reason: 'case 7', full: true });
  check('an auditor downloads a signed file', `${status} ${headers['content-disposition']}`,
    '200 attachment; filename="county.yga"');
  fs.writeFileSync(`${county.work}/county.yga`, bytes);
  const told = spawnSync(path.join(build, 'yg-verify'), ['--json', `${county.work}/county.yga`], { encoding: 'utf8' });
  check('which the verifier finds right', `${told.status} ${JSON.parse(told.stdout).by}`, '0 auditor');
  check('a supervisor sees no sensitive values', (await city.post('/api/audit/export',
    { reason: 'case 7', full: true })).status, 403);
  check('nobody exports a record that is not there', (await auditor.post('/api/audit/export',
    { reason: 'x', records: [`${NOBODY}-1`] })).status, 404);
  check('visits without two investigators', (await auditor.get('/api/audit/visits')).json.items.length, 0);
  check('incomes', (await auditor.get('/api/audit/incomes?on=2026-01-01')).json.more, false);
  check('a day that is none', (await auditor.get('/api/audit/incomes?on=soon')).status, 400);
  check('a record that is not there', (await auditor.get(`/api/audit/changes/${NOBODY}-1`)).status, 404);
  check('a tablet that is not there', (await auditor.get(`/api/audit/tablet/${NOBODY}`)).status, 404);
}

// --- guessing ---

{
  const browser = new DeskBrowser(county);
  for (const name of ['city', 'nobody-of-this-name']) {
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push((await browser.login(name, `guess number ${i}`)).status);
    check(`guessing at ${name} has to wait`, answers.join(), '403,403,403,403,403,429');
  }
  check('even with the right secret', (await browser.login('city')).status, 429);
  await county.stop();
  await county.start();
  check('also after the service was started again', (await browser.login('city')).status, 429);
  check('which has logged nobody out', (await reader.get('/api/me')).json.name, 'county');
}
{
  const log = JSON.parse(county.syncd('log', '--json'));
  const of = (action) => log.filter((one) => one.action === action);
  ok(of('login').some((one) => one.who === 'county'), 'the log has who came in');
  check('who was refused', of('login refused').filter((one) => one.who === 'city').length, 5);
  ok(of('user add').some((one) => one.who === 'admin'), 'and who added somebody');
  ok(!JSON.stringify(log).includes('nobody-of-this-name'), 'but no text that may be a secret');
  check('the chain of it holds', JSON.parse(county.syncd('verify', '--json')).findings?.length ?? 0, 0);
}
check('it stops', await county.stop() ?? 0, 0);
end();
