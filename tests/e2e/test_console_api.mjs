// test_console_api.mjs: the console's API on the real program: every role at every route, and what
// strangers, other pages, guessers and bent names get.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import zlib from 'node:zlib';
import { tap } from '../client/test_vectors.mjs';
import { ConsoleCounty, DeskBrowser, ROLES, codeOf } from './console.mjs';
import { Tablet, area, build, folder, send } from './web.mjs';

const { ok, check, end } = tap();

// The files of an archive, as texts, by its central directory.
function unpack(bytes) {
  const files = {};
  let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06')) + 16);

  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const [method, size, name, extra, comment] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)];
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(start, start + size);

    files[bytes.toString('utf8', at + 46, at + 46 + name)] = (method === 0 ? packed : zlib.inflateRawSync(packed)).toString('utf8');
    at += 46 + name + extra + comment;
  }
  return files;
}
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
const WATCHERS = ['admin', 'township', 'county', 'auditor', 'city'];
const MOVERS = ['clerk', 'township', 'county'];
const REVEALERS = [...MOVERS, 'auditor'];
const READERS = ['village', 'investigator', ...MOVERS, ...AUDITORS, 'joint'];
const SENT = [...READERS, 'pollster'];
const NOBODY = '00000000000000ff';
const FILE = { 'content-type': 'application/octet-stream' };
const MATRIX = [
  ['POST', '/api/logout', STAFF],
  ['GET', '/api/me', STAFF],
  ['POST', '/api/secret', STAFF],
  ['POST', '/api/login/code', STAFF],
  ['GET', '/api/second', STAFF],
  ['POST', '/api/second', STAFF],
  ['GET', '/api/sessions', STAFF],
  ['POST', '/api/sessions/:session/end', STAFF],
  ['GET', '/api/tokens', STAFF],
  ['POST', '/api/tokens', STAFF],
  ['POST', '/api/tokens/:token/revoke', STAFF],
  ['GET', '/api/people/tokens', [...MANAGERS, ...AUDITORS]],
  ['POST', '/api/people/:person/tokens/:token/revoke', MANAGERS],
  ['GET', '/api/routes', STAFF],
  ['GET', '/api/home', STAFF],
  ['GET', '/api/areas', STAFF],
  ['GET', '/api/inflow', READERS],
  ['GET', '/api/records', READERS],
  ['POST', '/api/records', READERS],
  ['GET', '/api/records/tally', READERS],
  ['POST', '/api/records/export', [...MOVERS, ...AUDITORS]],
  ['GET', '/api/records/:record', SENT],
  ['POST', '/api/records/:record/reveal', REVEALERS],
  ['GET', '/api/records/:record/history', SENT],
  ['POST', '/api/records/:record/history', REVEALERS],
  ['GET', '/api/records/:record/income', READERS],
  ['POST', '/api/records/:record/income', REVEALERS],
  ['GET', '/api/records/:record/workers', MOVERS],
  ['GET', '/api/records/:record/attachments/:hash', SENT],
  ['POST', '/api/records/:record/attachments/:hash', REVEALERS],
  ['GET', '/api/records/:record/conflicts', READERS],
  ['POST', '/api/records/:record/conflicts', REVEALERS],
  ['POST', '/api/records/:record/effect', ['investigator', ...MOVERS]],
  ['POST', '/api/records/:record/resolve', ['investigator', ...MOVERS]],
  ['POST', '/api/records/:record/notes', ['village', 'investigator', ...MOVERS, 'joint']],
  ['POST', '/api/records/:record/tasks', MOVERS],
  ['POST', '/api/tasks/:task/cancel', MOVERS],
  ['GET', '/api/conflicts', READERS],
  ['GET', '/api/quarantine', ['township', 'county', ...AUDITORS]],
  ['GET', '/api/quarantine/:dot', ['township', 'county', ...AUDITORS]],
  ['POST', '/api/quarantine/:dot/reveal', ['township', 'county']],
  ['POST', '/api/quarantine', ['township', 'county']],
  ['GET', '/api/meetings', READERS],
  ['GET', '/api/meetings/:meeting', READERS],
  ['POST', '/api/meetings/:meeting/decide', MOVERS],
  ['GET', '/api/people', [...MANAGERS, ...AUDITORS]],
  ['POST', '/api/people', MANAGERS],
  ['POST', '/api/people/:person/disable', MANAGERS],
  ['POST', '/api/people/:person/enable', MANAGERS],
  ['POST', '/api/people/:person/rights', MANAGERS],
  ['POST', '/api/people/:person/reset', MANAGERS],
  ['POST', '/api/people/:person/confirm', ['admin', 'county']],
  ['GET', '/api/confirmations', ['admin', 'county']],
  ['GET', '/api/audit/visits', AUDITORS],
  ['GET', '/api/audit/incomes', AUDITORS],
  ['GET', '/api/audit/changes/:record', AUDITORS],
  ['GET', '/api/audit/tablet/:device', AUDITORS],
  ['POST', '/api/audit/csv', AUDITORS],
  ['POST', '/api/audit/export', AUDITORS],
  ['POST', '/api/people/:person/second', MANAGERS],
  ['GET', '/api/people/:person/sessions', [...MANAGERS, ...AUDITORS]],
  ['POST', '/api/people/:person/sessions/:session/end', MANAGERS],
  ['GET', '/api/devices', WATCHERS],
  ['POST', '/api/devices', MANAGERS],
  ['GET', '/api/devices/:device', WATCHERS],
  ['POST', '/api/devices/:device/scope', MANAGERS],
  ['POST', '/api/devices/:device/revoke', MANAGERS],
  ['GET', '/api/log', AUDITORS],
  ['GET', '/api/forms', STAFF],
  ['GET', '/api/forms/uploaded', MANAGERS],
  ['GET', '/api/forms/:form', STAFF],
  ['GET', '/api/forms/:form/media/:name', STAFF],
  ['GET', '/api/forms/:form/difference/:other', STAFF],
  ['POST', '/api/forms/uploaded', MANAGERS, FILE],
  ['POST', '/api/forms/uploaded/files/:name', MANAGERS, FILE],
  ['POST', '/api/forms/uploaded/leave', MANAGERS],
  ['POST', '/api/forms/uploaded/publish', MANAGERS],
  ['POST', '/api/forms/preview', STAFF],
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
for (const [method, pattern, roles, headers] of MATRIX) {
  const target = pattern.replace('*', 'nothing').replace(/:\w+/g, NOBODY);
  const stranger = new DeskBrowser(county);
  const answer = method === 'GET' ? await stranger.get(target) : await stranger.post(target, {}, headers);
  check(`nobody: ${method} ${pattern}`, `${answer.status} ${answer.json?.error}`, '401 login');
  if (pattern === '/api/logout') continue;
  for (const role of ROLES) {
    const browser = browsers[role];
    const { status, json } = method === 'GET' ? await browser.get(target) : await browser.post(target, {}, headers);
    if (roles.includes(role)) ok(status !== 401 && json?.error !== 'role', `${role}: ${method} ${pattern}`, `${status}`);
    else check(`${role} not: ${method} ${pattern}`, `${status} ${json?.error}`, '403 role');
  }
}

// --- every token at every route ---
//
// What a token must be made for to come in, as docs/console.md has it; all other routes take none.

const FOR_TOKENS = {
  any: ['GET /api/me', 'GET /api/routes'],
  read: ['home', 'areas', 'inflow', 'records', 'records/tally', 'records/:record', 'records/:record/history',
    'records/:record/income', 'records/:record/attachments/:hash', 'records/:record/conflicts', 'conflicts', 'quarantine', 'quarantine/:dot',
    'meetings', 'meetings/:meeting', 'forms', 'forms/:form', 'forms/:form/media/:name', 'forms/:form/difference/:other']
    .map((one) => `GET /api/${one}`).concat('POST /api/records'),
  'read reveal': ['reveal', 'history', 'income', 'attachments/:hash', 'conflicts'].map((one) => `POST /api/records/:record/${one}`),
  export: ['POST /api/records/export'],
  audit: ['GET /api/audit/visits', 'GET /api/audit/incomes', 'GET /api/audit/changes/:record', 'GET /api/audit/tablet/:device',
    'POST /api/audit/csv', 'POST /api/audit/export', 'GET /api/log'],
  manage: ['GET /api/people', 'GET /api/devices', 'GET /api/devices/:device'],
};
const needs = new Map(Object.entries(FOR_TOKENS).flatMap(([words, routes]) => routes.map((one) => [one, words.split(' ')])));
for (const [role, may] of [['county', 'read,export,manage,reveal'], ['county', 'read'], ['county', 'export'], ['township', 'read,reveal'],
  ['auditor', 'read,export,audit,manage,reveal'], ['city', 'audit'], ['admin', 'manage'], ['joint', 'read']]) {
  const made = await browsers[role].post('/api/tokens', { name: `matrix ${may}`, may, secret: county.people[role].secret });
  const has = may.split(',');
  for (const [method, pattern, roles, headers] of MATRIX) {
    const target = pattern.replace('*', 'nothing').replace(/:\w+/g, NOBODY);
    const { status, json } = await send(county.consolePort, method, target, { authorization: `Bearer ${made.json.token}`,
      ...(method === 'POST' && { 'content-type': 'application/json', ...headers }) }, method === 'POST' ? '{}' : undefined);
    const wanted = needs.get(`${method} ${pattern}`);
    const comes = roles.includes(role) && wanted && wanted.every((one) => one === 'any' || has.includes(one));
    const name = `a token of ${role} for ${may}: ${method} ${pattern}`;

    if (comes) ok(status !== 401 && !['role', 'token', 'origin'].includes(json?.error), name, `${status} ${json?.error}`);
    else check(`${name}: not`, `${status} ${json?.error}`, `403 ${roles.includes(role) ? 'token' : 'role'}`);
  }
}

// --- whoever is new, and waits for a second one, at every route ---
//
// He reads, masked, and goes his own way in; he writes nothing, looks behind no mask, takes nothing away.

const FREE = ['secret', 'login/code', 'second', 'sessions/:session/end', 'tokens/:token/revoke', 'records', 'records/:record/effect',
  'forms/preview'].map((one) => `POST /api/${one}`);
for (const role of ROLES) {
  const made = (await browsers.admin.post('/api/people', { name: `new-${role}`, role, areas: ['430626'] })).json;
  const browser = new DeskBrowser(county);
  const first = (await browser.login(`new-${role}`, made.secret)).json;
  check(`a new ${role} is told who added him`, `${first.reset.by} ${first.reset.first} ${first.reset.waits}`, 'admin true true');
  await browser.post('/api/secret', { old: made.secret, new: `a secret of new ${role}` });
  for (const [method, pattern, roles, headers] of MATRIX) {
    if (pattern === '/api/logout' || !roles.includes(role)) continue;
    const target = pattern.replace('*', 'nothing').replace(/:\w+/g, NOBODY);
    const { status, json } = method === 'GET' ? await browser.get(target) : await browser.post(target, {}, headers);
    const name = `a new ${role}: ${method} ${pattern}`;

    if (method === 'GET' || FREE.includes(`${method} ${pattern}`))
      ok(status !== 401 && !['role', 'unconfirmed'].includes(json?.error), name, `${status} ${json?.error}`);
    else check(`${name}: not yet`, `${status} ${json?.error}`, '403 unconfirmed');
  }
  check('  a second one confirms him', (await browsers.county.post(`/api/people/${made.person}/confirm`, { reason: 'met him' })).status, 200);
  check('  and he waits no more', (await browser.get('/api/me')).json.reset.waits, false);
  check('  nor is he hindered', (await browser.post('/api/tokens', {})).json.error, 'invalid');
  check('  until he leaves', (await browsers.admin.post(`/api/people/${made.person}/disable`, { reason: 'left' })).status, 200);
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

// --- the second factor ---

{
  county.add('township', 'xu');
  const xu = await county.browser('xu');
  const offer = (await xu.get('/api/second')).json;
  ok(/^[A-Z2-7]{32}$/.test(offer.secret) && offer.uri.startsWith('otpauth://totp/') && offer.uri.includes(offer.secret),
    'a telephone is offered a secret');
  ok(/^(M\d+ \d+h\d+v1h-\d+z)+$/.test(offer.qr.path) && offer.qr.size > 30, 'as a drawing, too');
  check('which stays until it is confirmed', (await xu.get('/api/second')).json.secret, offer.secret);
  check('a wrong code confirms nothing', (await xu.post('/api/second', { code: '000000' })).status, 403);
  const used = codeOf(offer.secret);
  const answer = await xu.post('/api/second', { code: used });
  const paper = answer.json.paper;
  check('the right one does, and gives codes on paper', `${answer.status} ${paper?.length}`, '200 10');
  check('there is no other secret to be had then', (await xu.get('/api/second')).status, 409);
  const again = new DeskBrowser(county);
  check('from then on the secret alone is not enough', (await again.login('xu')).json.stage, 'code');
  check('  for anything', (await again.get('/api/people')).json.error, 'role');
  check('  at all', (await again.get('/api/home')).json.error, 'stage');
  check('  not even for another secret', (await again.post('/api/secret', { old: county.people.xu.secret, new: 'quite another one' })).json.error, 'stage');
  check('  nor for another telephone', (await again.get('/api/second')).json.error, 'stage');
  check('a code is taken once', (await again.post('/api/login/code', { code: used })).json.error, 'denied');
  const held = again.cookie;
  check('the next one lets him in', (await again.post('/api/login/code', { code: codeOf(offer.secret, Date.now() + 30000) })).json.stage, 'done');
  ok(again.cookie !== held, '  under a new token');
  const third = new DeskBrowser(county);
  await third.login('xu');
  check('a code on paper does, too', (await third.post('/api/login/code', { code: paper[3].toUpperCase() })).json.stage, 'done');
  await third.login('xu');
  check('  once', (await third.post('/api/login/code', { code: paper[3] })).status, 403);
  const me = (await again.get('/api/me')).json.person;
  const renewed = (await browsers.admin.post(`/api/people/${me}/reset`)).json;
  const reset = new DeskBrowser(county);
  check('a secret that was reset does not come past the telephone', (await reset.login('xu', renewed.secret)).json.stage, 'code');
  check('  which is the same', (await reset.post('/api/login/code', { code: paper[4] })).json.stage, 'change');
  check('the administrator takes it away, with a reason',
    (await browsers.admin.post(`/api/people/${renewed.person}/second`, {})).json.error, 'invalid');
  check('', (await browsers.admin.post(`/api/people/${renewed.person}/second`, { reason: 'lost' })).status, 200);
  check('then the secret is enough again', (await reset.login('xu', renewed.secret)).json.stage, 'change');
  county.syncd('user', 'second-factor', 'township,admin');
  await reset.post('/api/secret', { old: renewed.secret, new: 'the third secret of xu' });
  check('but not where the role needs a telephone', (await reset.get('/api/me')).json.stage, 'enrol');
  check('  nothing else is open', (await reset.get('/api/home')).json.error, 'stage');
  const second = (await reset.get('/api/second')).json.secret;
  ok(second !== offer.secret, '  and it is a new secret');
  check('  with it he is in', (await reset.post('/api/second', { code: codeOf(second) })).status, 200);
  check('', (await reset.get('/api/me')).json.stage, 'done');
  county.syncd('user', 'second-factor', 'none');
  const guess = new DeskBrowser(county);
  await guess.login('xu', 'the third secret of xu');
  const answers = [];
  for (let i = 0; i < 6; i++) answers.push((await guess.post('/api/login/code', { code: '123456' })).status);
  check('guessing codes has to wait, too', answers.join(), '403,403,403,403,403,429');
  check('  and the right secret does not help', (await guess.login('xu', 'the third secret of xu')).status, 429);
}

// --- who makes somebody's secret could use it ---

{
  const { admin, county: reviewer } = browsers;
  county.add('county', 'deng');
  await county.browser('deng');
  const deng = async () => (await admin.get('/api/people')).json.items.find((one) => one.name === 'deng' && !one.disabled);
  const renewed = (await admin.post(`/api/people/${(await deng()).person}/reset`)).json;
  const browser = new DeskBrowser(county);
  const first = (await browser.login('deng', renewed.secret)).json;
  check('whoever was reset is told by whom before he does anything', `${first.stage} ${first.reset.by} ${first.reset.waits}`, 'change admin true');
  check('he takes one of his own', (await browser.post('/api/secret', { old: renewed.secret, new: 'a new secret of deng' })).json.stage, 'done');
  check('and reads', (await browser.get('/api/records')).status, 200);
  check('  also by a search', (await browser.post('/api/records', { text: 'x' })).status, 200);
  const refused = async (target, body) => (await browser.post(target, body)).json.error;
  const record = `/api/records/${NOBODY}-1`;
  check('but decides nothing', await refused(`${record}/resolve`, { reason: 'x' }), 'unconfirmed');
  check('  says nothing', await refused(`${record}/notes`, { text: 'x' }), 'unconfirmed');
  check('  releases nothing', await refused('/api/quarantine', {}), 'unconfirmed');
  check('  looks behind no mask', await refused(`${record}/reveal`, { reason: 'x' }), 'unconfirmed');
  check('  nor takes away what lies there', await refused('/api/records/export',
    { form: 'household', format: 'csv', reveal: '1', reason: 'x' }), 'unconfirmed');
  check('  nor confirms another one', await refused(`/api/people/${NOBODY}/confirm`, { reason: 'x' }), 'unconfirmed');
  const target = `/api/people/${renewed.person}/confirm`;
  check('who did it does not confirm it', (await admin.post(target, { reason: 'x' })).json.error, 'denied');
  check('  nor sees it waiting', (await admin.get('/api/confirmations')).json.items.length, 0);
  check('a second one sees it', (await reviewer.get('/api/home')).json.queue.filter((one) => one.kind === 'reset')
    .map((one) => `${one.title} ${one.by}`).filter((one) => one.startsWith('deng')).join(), 'deng admin');
  check('  says why', (await reviewer.post(target, {})).json.error, 'invalid');
  check('  and confirms it', (await reviewer.post(target, { reason: 'called him' })).status, 200);
  check('  once', (await reviewer.post(target, { reason: 'called him' })).json.error, 'conflict');
  ok((await refused(`${record}/resolve`, { reason: 'x' })) !== 'unconfirmed', 'from then on he decides');
  check('it goes on saying who it was', (await browser.get('/api/me')).json.reset.waits, false);
  check('and both stand in the log', JSON.parse(county.syncd('log', '--json')).filter((one) => one.object === renewed.person)
    .map((one) => `${one.who}: ${one.action}`).filter((one) => one.includes('user')).join(), 'admin: user reset,county: user reset confirm');
}

// --- nor is who gives rights alone in it ---

{
  const { admin, county: reviewer } = browsers;
  const [one, two] = ['430626117205', '430626117206'];
  county.add('clerk', 'zhou', one);
  const zhou = await county.browser('zhou');
  const { person } = (await zhou.get('/api/me')).json;
  const rights = async (role, ...areas) => (await admin.post(`/api/people/${person}/rights`, { role, areas, reason: 'asked for' })).json.waits;
  const has = async (browser) => {
    const { role, areas } = (await browser.get('/api/me')).json;
    return `${role} ${areas?.map((area) => area.area).join()}`;
  };
  const lines = async (browser) => (await browser.get('/api/confirmations')).json.items.filter((line) => line.person === person);
  const confirm = async (browser, body) => (await browser.post(`/api/people/${person}/confirm`, { reason: 'asked his head', ...body })).json.error;

  check('another village waits for a second one', await rights('clerk', one, two), true);
  check('  he goes on with what he had, and is not logged out', await has(zhou), `clerk ${one}`);
  check('  who gave it does not see it waiting', (await lines(admin)).length, 0);
  const [line] = await lines(reviewer);
  check('a second one sees what it is', `${line.kind} ${line.title} ${line.by} ${line.role} ${line.areas.length} ${line.grant.role} ${line.grant.areas.length}`,
    'rights zhou admin clerk 1 clerk 2');
  check('  on his first page', (await reviewer.get('/api/home')).json.queue.filter((item) => item.kind === 'rights' && item.person === person).length, 1);
  check('  and whoever manages, among the people', (await admin.get('/api/people')).json.items.find((item) => item.person === person).grant.areas.length, 2);
  check('who gave it does not confirm it', await confirm(admin, { rights: line.grant.mark }), 'denied');
  check('  nor he himself', await confirm(zhou, { rights: line.grant.mark }), 'role');
  check('  nor anybody what he has not read', await confirm(reviewer, { rights: NOBODY }), 'conflict');
  check('  nor without saying what', await confirm(reviewer, {}), 'conflict');
  check('  nor what is no mark', await confirm(reviewer, { rights: 'now' }), 'invalid');
  check('the second one does', await confirm(reviewer, { rights: line.grant.mark }), undefined);
  check('  then he comes in anew', (await zhou.get('/api/me')).status, 401);
  await zhou.login('zhou');
  check('  to both', await has(zhou), `clerk ${one},${two}`);
  check('less needs nobody', await rights('investigator', two), false);
  await zhou.login('zhou');
  check('  and holds at once', await has(zhou), `investigator ${two}`);
  check('a role that decides over the county waits', await rights('county', '430626'), true);
  check('  and opens nothing yet', `${await has(zhou)} ${(await zhou.post('/api/quarantine', {})).json.error} ${(await zhou.post('/api/records/export', {})).json.error}`,
    `investigator ${two} role role`);
  check('  until it is taken back', await rights('investigator', two), false);
  check('  and nothing waits', (await lines(reviewer)).length, 0);
  check('who was disabled', (await admin.post(`/api/people/${person}/disable`, { reason: 'left' })).status, 200);
  check('  is not let in by one alone', (await admin.post(`/api/people/${person}/enable`, { reason: 'is back' })).json.waits, true);
  check('', (await zhou.login('zhou')).status, 403);
  const [back] = await lines(reviewer);
  check('  but by two', `${back.kind} ${await confirm(reviewer, { rights: back.grant.mark })}`, 'enable undefined');
  check('', (await zhou.login('zhou')).json.stage, 'done');
  check('all of it is in the log', JSON.parse(county.syncd('log', '--json')).filter((act) => act.object === person)
    .map((act) => `${act.who}: ${act.action}`).filter((act) => act.includes('user')).join(),
  ['command line: user add', 'admin: user rights proposed', 'county: user rights confirm', 'admin: user rights', 'admin: user rights proposed', 'admin: user rights',
    'admin: user disable', 'admin: user enable proposed', 'county: user enable confirm'].join());
}

// --- who sits where ---

{
  const [one, two] = [await county.browser('village'), await county.browser('village')];
  const { items } = (await one.get('/api/sessions')).json;
  ok(items.length >= 2 && items.filter((item) => item.self).length === 1, 'one sees where one is logged in');
  ok(!JSON.stringify(items).includes(two.cookie.slice(8)), '  without the tokens');
  const village = (await browsers.admin.get('/api/people')).json.items.find((item) => item.name === 'village').person;
  const seen = (await browsers.admin.get(`/api/people/${village}/sessions`)).json.items;
  check('so does who manages him', seen.length, items.length);
  const of = items.filter((item) => !item.self);
  for (const item of of) check('and ends what is not here', (await one.post(`/api/sessions/${item.session}/end`)).status, 200);
  check('which is over then', (await two.get('/api/me')).status, 401);
  check('nobody ends another one\'s', (await two.login('village')) && (await browsers.township.post(`/api/sessions/${of[0].session}/end`)).status, 404);
  const now = (await browsers.admin.get(`/api/people/${village}/sessions`)).json.items[0].session;
  check('but who manages him does', (await browsers.admin.post(`/api/people/${village}/sessions/${now}/end`)).status, 200);
}

// --- tablets ---

county.publish('household');
{
  const admin = browsers.admin;
  const order = { name: 'tablet-wang', person: 'wang', areas: [area], server: 'https://county.example:8443' };
  const invited = (await admin.post('/api/devices', order)).json;
  ok(/^[0-9A-Za-z-]+$/.test(invited.code) && invited.qr.size > 20, 'a tablet is invited with a code and a drawing');
  const tablet = new Tablet(county, 'wang', area, invited.code);
  const { items } = (await admin.get('/api/devices')).json;
  check('then it is in the list', items.map((item) => `${item.name} ${item.person} ${item.state} ${item.forks}`).join(), 'tablet-wang wang used 0');
  const id = items[0].device;
  ok(/^yg-agent \d+\.\d+/.test((await admin.get(`/api/devices/${id}`)).json.program), 'and its program');
  check('with its people', (await admin.get(`/api/devices/${id}`)).json.people.map((one) => one.name).join(), 'wang');
  const small = await county.browser('small');
  check('a manager of another township does not see it', (await small.get('/api/devices')).json.items.length, 0);
  check('  nor takes it', (await small.post(`/api/devices/${id}/revoke`, { reason: 'x' })).status, 404);
  check('  nor invites one beyond', (await small.post('/api/devices', order)).status, 403);
  check('its areas are changed, with a reason', (await admin.post(`/api/devices/${id}/scope`, { areas: [area] })).json.error, 'invalid');
  check('', (await admin.post(`/api/devices/${id}/scope`, { areas: [area, '430626117206'], reason: 'grown' })).json.scope, 2);
  tablet.agent('sync');
  check('and are confirmed by the tablet', (await admin.get(`/api/devices/${id}`)).json.areas.length, 2);
  check('it is revoked and asked to forget', (await admin.post(`/api/devices/${id}/revoke`, { wipe: true, reason: 'stolen' })).status, 200);
  check('  once', (await admin.post(`/api/devices/${id}/revoke`, { reason: 'stolen' })).status, 409);
  check('which shows', (await admin.get(`/api/devices/${id}`)).json.state, 'wiped');
  try {
    tablet.agent('sync');
  } catch {
    // It is told so at its next sync, which need not call itself a success.
  }
  let opened = true;
  try {
    tablet.agent('records');
  } catch {
    opened = false;
  }
  ok(!opened, 'and the tablet has forgotten');
}

// --- four eyes, also after a new secret ---

{
  county.add('county', 'hu');
  county.add('county', 'he');
  const [one, two] = [new Tablet(county, 'zhou'), new Tablet(county, 'wu')];
  fs.writeFileSync(`${county.work}/one.json`, JSON.stringify({ head: { name: 'first' } }));
  const record = one.agent('new', 'household', '--area', area, '--draft', '--file', `${county.work}/one.json`);
  one.agent('sync');
  two.agent('sync');
  one.agent('set', record, 'head/name=second');
  two.agent('set', record, 'head/name=third');
  one.agent('sync');
  two.agent('sync');
  const decide = (who, secret = county.people[who].secret) => {
    try {
      county.syncdAs(secret, 'resolve', record, 'head/name', '--value', `by ${who}`, '--as', who, '--reason', 'seen');
      return true;
    } catch {
      return false;
    }
  };
  ok(decide('hu'), 'a reviewer decides');
  one.agent('set', record, 'head/name=fourth');
  one.agent('sync');
  ok(!decide('hu'), 'but not where one side is his own');
  const { items } = (await browsers.admin.get('/api/people')).json;
  const { secret } = (await browsers.admin.post(`/api/people/${items.find((item) => item.name === 'hu').person}/reset`)).json;
  ok(!decide('hu', secret), 'nor as the new person that he is after a reset');
  ok(decide('he'), 'somebody else does');
}

// --- home, areas, log ---

{
  const home = (await browsers.county.get('/api/home')).json;
  ok(Array.isArray(home.queue) && home.conflicts === 0 && home.conflict_ages.length === 6, 'the reviewer has a day');
  check('the administrator has tablets, and no household', Object.keys((await browsers.admin.get('/api/home')).json).join(), 'queue,now,tablets');
  check('the county is among its areas', (await browsers.county.get('/api/areas')).json.items.map((one) => one.area).join(), '430626000000,430626117205');
  check('what came in, day by day', (await browsers.county.get('/api/inflow?days=7')).json.items.length, 7);
  check('no other county\'s', (await browsers.county.get('/api/inflow?area=430621')).status, 403);
  const log = (await browsers.auditor.get('/api/log?action=device%20wipe')).json;
  check('the log is filtered', log.items.map((one) => `${one.who} ${one.reason}`).join(), 'admin stolen');
  check('newest first', (await browsers.auditor.get('/api/log')).json.items.every((one, i, all) => i === 0 || all[i - 1].number > one.number), true);
  check('by day', (await browsers.auditor.get('/api/log?to=2020-01-01')).json.items.length, 0);
  check('by who', new Set((await browsers.auditor.get('/api/log?who=admin')).json.items.map((one) => one.who)).size, 1);
  county.add('auditor', 'smallau', '430626101');
  const some = (await (await county.browser('smallau')).get('/api/log')).json.items;
  ok(some.length > 0 && some.every((one) => ['new', 'small', 'smallau'].includes(one.who)), 'of a township only what its people did',
    some.map((one) => one.who).join());
}

// --- records ---

{
  const reader = browsers.county;
  const at = ['430626101001', '430626101002', '430626102001'];
  county.syncd('form', 'publish', 'schema/forms/task');
  for (const [i, area] of at.entries())
    county.syncdAs(county.people.county.secret, 'task', 'assign', '--area', area, '--kind', '2', '--message', `=王芳${i}`, '--as', 'county');
  const all = (await reader.get('/api/records?form=task&order=area')).json;
  check('a list has all, in order', all.items.map((one) => one.areas[0].area).join(), at.join());
  check('and says how many', `${all.total} ${all.next}`, '3 null');
  check('who made it', all.items[0].created_by.name, 'county');
  const first = (await reader.get('/api/records?form=task&order=area&limit=2')).json;
  const rest = (await reader.get(`/api/records?form=task&order=area&limit=2&after=${first.next}`)).json;
  check('pages follow each other', [...first.items, ...rest.items].map((one) => one.id).join(),
    all.items.map((one) => one.id).join());
  check('a cursor that nobody gave is refused', (await reader.get(`/api/records?after=${'00'.repeat(80)}`)).json.error, 'invalid');
  check('a search by a name', (await reader.post('/api/records', { form: 'task', text: '王芳1' })).json.total, 1);
  check('its text in an address is not heard', (await reader.get('/api/records?form=task&text=nobody')).json.total, 3);
  check('an unknown word is refused', (await reader.get('/api/records?state=sad')).json.error, 'invalid');
  check('counts by village', (await reader.get('/api/records/tally?form=task')).json.items
    .map((one) => `${one.area.area} ${one.records}`).join(), at.map((area) => `${area} 1`).join());
  county.add('township', 'near', '430626101000');
  const near = await county.browser('near');
  check('a township sees its own', (await near.get('/api/records?form=task')).json.total, 2);
  check('and counts its own', (await near.get('/api/records/tally?form=task')).json.items.length, 2);
  check('what lies outside is refused', (await near.get('/api/records?area=430626102001')).status, 403);
  const lines = (answer) => answer.text.trim().split('\n');
  const exported = await near.post('/api/records/export', { form: 'task', format: 'csv' });
  check('an export is a file', `${exported.status} ${exported.headers['content-type']}`, '200 text/csv; charset=utf-8');
  check('of its own', lines(exported).length, 3);
  ok(exported.text.includes("'=王芳") && !exported.text.includes('=王芳2'), 'with formulas disarmed');
  for (const format of ['zip', 'xlsx', 'json', 'jsonl', 'geojson']) {
    const { status, bytes, text } = await near.post('/api/records/export', { form: 'task', format });
    const parts = ['zip', 'xlsx'].includes(format) ? unpack(bytes) : { all: text };
    const inside = Object.entries(parts).filter(([name]) => !name.startsWith('docProps')).map(([, part]) => part).join('\n');

    ok(status === 200 && !inside.includes('=王芳2') && (format === 'geojson' || inside.includes('=王芳0')), `as ${format}: of its own`);
    ok(format === 'xlsx' ? !/<f[ >]/.test(inside) : format === 'zip' ? !/(^|,|")=王芳/m.test(inside) : true,
      `  nothing in ${format} is a formula`, inside.slice(0, 500));
  }
  check('a format that there is not', (await near.post('/api/records/export', { form: 'task', format: 'pdf' })).json.error, 'invalid');
  check('nor a form', (await near.post('/api/records/export', { form: 'nothing', format: 'csv' })).status, 404);
  check('what is masked takes a reason', (await near.post('/api/records/export', { form: 'task', format: 'csv', reveal: '1' })).json.error, 'invalid');
  const log = JSON.parse(county.syncd('log', '--json'));
  ok(log.some((one) => one.who === 'near' && one.action === 'exported' && one.object === 'task: 2, csv'), 'and stands in the log, with its count');
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
  check('incomes', (await auditor.get('/api/audit/incomes?on=2026-01-01')).json.next, null);
  check('a day that is none', (await auditor.get('/api/audit/incomes?on=soon')).status, 400);
  const table = await auditor.post('/api/audit/csv', { question: 'visits', reason: 'case 7' });
  check('a report as a table to take away', `${table.status} ${table.headers['content-type']} ${table.text.slice(1, 12)}`,
    '200 text/csv record,area');
  check('  with a reason', (await auditor.post('/api/audit/csv', { question: 'visits' })).status, 400);
  check('  of a question that there is', (await auditor.post('/api/audit/csv', { question: 'x', reason: 'x' })).status, 400);
  check('  which is logged', (await auditor.get('/api/log?action=audit%20report')).json.items.map((one) => one.action).join(), 'audit report visits');
  check('a record that is not there', (await auditor.get(`/api/audit/changes/${NOBODY}-1`)).status, 404);
  check('a tablet that is not there', (await auditor.get(`/api/audit/tablet/${NOBODY}`)).status, 404);
}

// --- guessing ---

{
  const browser = new DeskBrowser(county);
  for (const name of ['nobody-of-this-name', 'city']) { // the first wait is half a minute
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
await county.stop();

// --- behind a gateway ---

{
  const host = 'desk.example.gov.cn';
  county.syncd('user', 'second-factor', 'none');
  await county.startWith([...county.options, '--console-name', host]);
  const asked = { host, origin: `https://${host}`, 'content-type': 'application/json' };
  const login = (name, secret, headers) => send(county.consolePort, 'POST', '/api/login', { ...asked, ...headers },
    JSON.stringify({ name, secret }));
  const from = (address) => ({ 'x-forwarded-for': `10.9.9.9, ${address}` });
  const { status, headers } = await login('village', county.people.village.secret, from('203.0.113.9'));
  const { json } = await send(county.consolePort, 'GET', '/api/sessions', { host, cookie: headers['set-cookie'][0].split(';')[0] });
  check('the address is the one that the gateway has seen', `${status} ${json.items.find((one) => one.self).address}`, '200 203.0.113.9');
  const answers = [];
  // On a slow machine some of it is paid back meanwhile.
  while (answers.length < 100 && answers.at(-1) !== 429)
    answers.push((await login(`guess ${answers.length}`, 'x', from('203.0.113.7'))).status);
  ok(answers.length > 50 && answers.at(-1) === 429 && answers.slice(0, -1).every((one) => one === 403),
    'many names from one address: it is held up', answers.join());
  check('  nobody else', (await login('nobody', 'x', from('203.0.113.8'))).status, 403);
  check('  nor who has come from there', (await login('village', county.people.village.secret, from('203.0.113.9'))).status, 200);
  await county.stop();
}

// --- over TLS ---

{
  const words = ['--console', '127.0.0.1:0', '--console-port-file', `${county.work}/console`];
  county.syncd('user', 'second-factor', 'admin');
  await county.startWith(words);
  ok(county.console.startsWith('https://127.0.0.1:'), 'without --plain the console speaks TLS');
  const ask = (method, target, headers = {}, body = '') => new Promise((done, fail) => {
    const request = https.request({ host: '127.0.0.1', port: county.consolePort, method, path: target, rejectUnauthorized: false,
      headers: { ...headers, ...(body && { 'content-length': Buffer.byteLength(body) }) } }, (response) => {
      response.on('data', () => {});
      response.on('end', () => done({ status: response.statusCode, headers: response.headers }));
    });
    request.on('error', fail);
    request.end(body);
  });
  const origin = county.console;
  const login = (headers) => ask('POST', '/api/login', { 'content-type': 'application/json', ...headers },
    JSON.stringify({ name: 'county', secret: county.people.county.secret }));
  check('http is another origin', (await login({ origin: origin.replace('https', 'http') })).status, 403);
  const { status, headers } = await login({ origin });
  check('who needs no telephone is in', status, 200);
  ok(/; Secure/.test(headers['set-cookie'][0]), 'the cookie goes over TLS only');
  ok(/^max-age=\d{8}$/.test(headers['strict-transport-security']), 'and browsers are told to stay with it');
}
check('it stops', await county.stop() ?? 0, 0);
end();
