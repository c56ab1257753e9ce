// api.mjs: the program's interface as these pages use it; docs/api.md describes it. Ids of records
// are dots and stand in addresses; nothing personal does.
import { get, post, request } from 'kit/request.mjs';

const id = encodeURIComponent;

export const me = () => get('api/me');
export const unlock = (person, secret) => post('api/unlock', { person, secret });
export const lock = () => post('api/lock');
// People on this tablet, and one more, by whoever is at work: {name, new_secret, secret, areas?}.
export const persons = () => get('api/persons');
export const addPerson = (person) => post('api/persons', person);
export const status = () => get('api/status');
export const syncNow = () => post('api/sync');
export const home = () => get('api/home');
// Words of names go in the body: addresses stay in histories.
export const search = (words, signal) => post('api/search', { words }, { signal });
export const forms = () => get('api/forms');
export const ready = () => get('api/ready');
export const areas = () => get('api/areas');

export const record = (name) => get(`api/records/${id(name)}`);
// Of the record, or of the value at a path.
export const history = (name, path) =>
  get(`api/records/${id(name)}/history${path ? `?path=${id(path)}` : ''}`);
export const resolve = (name, answer) => post(`api/records/${id(name)}/resolve`, answer);
export const seal = (name, scope) => post(`api/records/${id(name)}/seal`, { scope });

// Around a record: its visits, the notes about it, what a household is entitled to.
export const around = (name) => get(`api/records/${id(name)}/around`);
export const visitOf = (name) => get(`api/records/${id(name)}/visit`);
export const beginVisit = (household, kind, task) => post('api/visits', { household,
  ...(kind && { kind }), ...(task && { task }) });
export const joinVisit = (draft, person, secret) => post(`api/visits/${id(draft)}/join`, { person,
  secret });
export const sign = (name, person, secret) => post(`api/records/${id(name)}/sign`, { person, secret
  });
export const amend = (name, secret, reason, answers) => post(`api/records/${id(name)}/amend`,
  { secret, reason, answers });
export const position = () => get('api/position');

export const drafts = () => get('api/drafts');
export const beginDraft = (form, area) => post('api/drafts', { form, area });
export const editRecord = (name) => post('api/drafts', { record: name });
export const draft = (number) => get(`api/drafts/${id(number)}`);
export const answers = (number, list) => post(`api/drafts/${id(number)}/answers`, { answers: list
  });
export const addInstance = (number, ref) => post(`api/drafts/${id(number)}/add`, { ref });
export const removeInstance = (number, ref) => post(`api/drafts/${id(number)}/remove`, { ref });
export const speakDraft = (number, language) =>
  post(`api/drafts/${id(number)}/language`, { language });
export const finishDraft = (number) => post(`api/drafts/${id(number)}/finish`);
export const discardDraft = (number) => post(`api/drafts/${id(number)}/discard`);

// What a question asks for: a photo, sound, a file; the answer has all questions, and "hash".
export const attach = (number, ref, blob) =>
  request('POST', `api/drafts/${id(number)}/attachments?ref=${id(ref)}`,
    { body: blob, type: 'application/octet-stream' });
// Brings here what another tablet took; needs the network.
export const fetchAttachment = (record, hash) => post(`api/records/${id(record)}/fetch`, { hash });
export const attachmentAddress = (hash) => `api/attachments/${id(hash)}`;

// What a form shows beside its questions.
export const mediumAddress = (form, name) => `api/forms/${id(form)}/media/${id(name)}`;

export const writeBundle = () => post('api/bundle/write', {}, { blob: true });
export const readBundle = (file) =>
  request('POST', 'api/bundle/read', { body: file, type: 'application/octet-stream' });

// ---- meetings ----

export const households = (area, words) => post('api/search', { form: 'household', area, words,
  limit: 300 });
export const panels = () => get('api/records?form=panel&limit=100');
export const rules = (area) => get(`api/evaluation-rules?area=${id(area)}`);
export const meetings = () => get('api/meetings');
export const meeting = (name) => get(`api/meetings/${id(name)}`);
export const newMeeting = (plan) => post('api/meetings', plan);
export const joinMeeting = (code) => post('api/meetings/join', { code });
// verb: households, open, sign-in, recuse, step, pair, take, sign, voting, counts, close, void.
export const inMeeting = (name, verb, what) => post(`api/meetings/${id(name)}/${verb}`, what);
export const partOf = (name) => get(`api/meetings/${id(name)}/part`);
export const voting = (name) => get(`api/meetings/${id(name)}/voting`);
// All that one member says, in one request. Whoever calls forgets votes.
export const vote = (name, seat, votes) => post(`api/meetings/${id(name)}/votes`, { seat, votes });
