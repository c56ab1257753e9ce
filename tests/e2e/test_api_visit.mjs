// test_api_visit.mjs: the routes of visits: begun, joined by a second investigator with his own
// secret, finished, signed by both, amended with a reason; and who may not, at each step.
import fs from 'node:fs';
import { tap } from '../client/test_vectors.mjs';
import { Browser, County, Tablet, area, folder } from './web.mjs';

const { ok, check, end } = tap();
const work = folder('api-visit');
const county = new County(work);
for (const form of ['household', 'visit']) county.publish(form);
await county.start();
const tablet = new Tablet(county, 'wang');
await tablet.start();
const wang = new Browser(tablet);
await wang.launch();
await wang.unlock();
const added = await wang.post('/api/persons', { name: 'zhang', new_secret: 'secret-of-zhang', secret: 'secret-of-wang' });
check('a second person is added', added.status, 200);
tablet.agent('sync');
fs.writeFileSync(`${work}/one.json`, JSON.stringify({ head: { name: '王桂兰' } }));
const household = tablet.agent('new', 'household', '--area', area, '--draft', '--file', `${work}/one.json`);

// --- begun ---

const strange = new Browser(tablet);
check('not without the cookie', (await strange.post('/api/visits', { household })).status, 401);
await strange.launch();
check('nor locked', (await strange.post('/api/visits', { household })).json.error, 'locked');
for (const [what, body] of [['no household', {}], ['a bent one', { household: '../1' }], ['a number', { household: 7 }]])
  check(`a visit to ${what} is not begun`, (await wang.post('/api/visits', body)).status, 400);
check('nor to nobody', (await wang.post('/api/visits', { household: '0000000000000001-9' })).status, 404);
const begun = await wang.post('/api/visits', { household, kind: '2' });
check('a visit is begun', `${begun.status} ${begun.json.form}`, '200 visit');
const { draft } = begun.json;
const value = (document, end) => document.questions.find((one) => one.ref.endsWith(end))?.value;
check('with its household', value(begun.json, '/household') ?? household, household);
check('a second time it is the same one', (await wang.post('/api/visits', { household })).json.draft, draft);

// --- joined ---

const join = (body) => wang.post(`/api/visits/${draft}/join`, body);
check('a wrong secret joins nobody', (await join({ person: 'zhang', secret: 'no' })).status, 403);
check('nor an unknown person', (await join({ person: 'nobody', secret: 'secret-of-zhang' })).status, 404);
check('nor without a secret', (await join({ person: 'zhang' })).status, 400);
check('the lead is in it already', (await join({ person: 'wang', secret: 'secret-of-wang' })).status, 409);
const joined = await join({ person: 'zhang', secret: 'secret-of-zhang' });
check('the second investigator joins', joined.status, 200);
check('twice he does not', (await join({ person: 'zhang', secret: 'secret-of-zhang' })).status, 409);
check('nobody else is who works here', (await wang.get('/api/me')).json.person.name, 'wang');
check('there is no such draft', (await wang.post('/api/visits/999/join', { person: 'zhang', secret: 'secret-of-zhang' })).status, 404);

// --- finished ---

const all = (await wang.get(`/api/drafts/${draft}`)).json.questions;
const wanted = { '/data/outcome': '1' };
for (const question of all)
  if (question.error && !question.value && question.kind === 'select_one') wanted[question.ref] ??= question.options[0].value;
const answered = await wang.post(`/api/drafts/${draft}/answers`, { answers: Object.entries(wanted).map(([ref, one]) => ({ ref, value: one })) });
check('it is filled', answered.status, 200);
let done = await wang.post(`/api/drafts/${draft}/finish`);
for (let round = 0; round < 5 && done.status === 422; round++) {
  const answers = done.json.questions.filter((one) => one.error && !one.hidden).map((one) => ({ ref: one.ref,
    value: one.options?.[0]?.value ?? (one.type === 'int' ? '1' : one.type === 'date' ? '2026-11-23' : one.kind === 'acknowledge' ? 'OK' : '有') }));
  await wang.post(`/api/drafts/${draft}/answers`, { answers });
  done = await wang.post(`/api/drafts/${draft}/finish`);
}
check('and finished', done.status, 200);
const visit = done.json.id;

// --- signed ---

const of = () => wang.get(`/api/records/${visit}/visit`);
const sign = (body) => wang.post(`/api/records/${visit}/sign`, body);
check('it is of its household', (await of()).json?.household, household);
check('nobody has signed', (await of()).json.investigators.filter((one) => one.signed).length, 0);
check('a household has no visit of its own', [400, 404].includes((await wang.get(`/api/records/${household}/visit`)).status), true);
check('a wrong secret signs nothing', (await sign({ person: 'wang', secret: 'no' })).status, 403);
check('an amendment waits for the seal', (await wang.post(`/api/records/${visit}/amend`, { secret: 'secret-of-wang', reason: 'x',
  answers: [{ path: 'living/living_note', value: '补记' }] })).status, 409);
check('the first signs', (await sign({ person: 'wang', secret: 'secret-of-wang' })).status, 200);
check('not twice', (await sign({ person: 'wang', secret: 'secret-of-wang' })).status, 409);
check('one is not two', (await of()).json.complete, false);
const second = await sign({ person: 'zhang', secret: 'secret-of-zhang' });
check('the second completes it', `${second.status} ${second.json.complete} ${second.json.sealed}`, '200 true true');
check('nobody else has come to work', (await wang.get('/api/me')).json.person.name, 'wang');

// --- amended ---

const amend = (body) => wang.post(`/api/records/${visit}/amend`, { secret: 'secret-of-wang', reason: '漏记',
  answers: [{ path: 'living/living_note', value: '补记' }], ...body });
check('not without a secret', (await amend({ secret: undefined })).status, 400);
check('nor with a wrong one', (await amend({ secret: 'no' })).status, 403);
check('nor without a reason', [400, 403].includes((await amend({ reason: '' })).status), true);
check('nor without an answer', (await amend({ answers: [] })).status, 400);
check('with all three it is', (await amend({})).status, 200);
check('once more', (await amend({ reason: '又补', answers: [{ path: 'living/living_note', value: '再记' }] })).status, 200);
check('all are listed, with what stood there, by whom and why', (await wang.get(`/api/records/${visit}`)).json.amendments
  .map((one) => `${one.author} ${one.reason} ${one.answers.map((to) => `${to.path} ${to.before?.value}>${to.value}`)}`).join(),
'wang 漏记 living/living_note undefined>补记,wang 又补 living/living_note 补记>再记');
check('which stands in the history', (await wang.get(`/api/records/${visit}/history`)).json.filter((one) => one.kind === 'amend').map((one) => one.reason).join(), '漏记,又补');
ok([200, 404].includes((await wang.get('/api/position')).status), 'where one is, or that nobody knows');

// --- the next one ---

const next = (await wang.post('/api/visits', { household, kind: '2' })).json;
const told = Object.fromEntries(next.questions.filter((one) => one.last).map((one) => [one.ref.replace(/^\/\w+\//, ''), one]));
check('a new visit shows what the last one said', `${told.outcome?.last.value} ${told.outcome?.last.author} ${told.outcome?.last.visit}`, '1 wang true');
ok(!told.outcome.value && /^\d{4}-/.test(told.outcome.last.at), 'and answers nothing by itself');
ok(!next.questions.some((one) => one.last && ['geopoint', 'binary', 'dateTime', 'date'].includes(one.type)),
  'places, photos and moments are not offered again');
ok((await wang.get(`/api/drafts/${next.draft}`)).json.questions.find((one) => one.ref.endsWith('/outcome')).last, 'also when the draft is opened again');
await wang.post(`/api/drafts/${next.draft}/answers`, { answers: [{ ref: '/data/outcome', value: told.outcome.last.value }] });
check('until somebody takes it over', (await wang.get(`/api/drafts/${next.draft}`)).json.questions
  .find((one) => one.ref.endsWith('/outcome')).value, '1');

await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
