// client.mjs: a second, independent client of docs/protocol.md: a tablet without a disk. It writes,
// sends, receives and merges. Written from the text alone, to prove that the text is enough; when
// something does not work, mend the text first.
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import {
  AREA,
  BYTES,
  CREATE,
  EDIT,
  ERASED,
  EXISTS,
  INTEGER,
  REMOVE,
  RESOLVE,
  Refused,
  Writer,
  boxPublic,
  byDot,
  byInstance,
  canonical,
  dotText,
  encodeBatch,
  erase,
  encodeFrame,
  formName,
  hash,
  instanceText,
  personName,
  putDots,
  putInstance,
  root,
  sign,
  signPublic,
  sortEntries,
} from './wire.mjs';
import {
  AREAS,
  BATCH,
  CURSOR,
  ENTER,
  ERASED_ENTER,
  ENTRY,
  FORM,
  LEAVE,
  CHUNK,
  OWN,
  PROGRAM,
  REDACT,
  SNAPSHOT,
  enrolRequest,
  entryDigest,
  feedNext,
  helloPart,
  part,
  readAnswer,
  readCode,
  readEnrolled,
  readEntry,
  readKeys,
} from './exchange.mjs';
import { readChunk, readManifest, wantPart } from './snapshot.mjs';
import { Life, renamed } from './life.mjs';
import { Reading } from './reading.mjs';
import { State } from './state.mjs';

const audiences = { field: 1, office: 2, restricted: 3 };
const kindOf = (area, form) => `${feedText(area)} ${form}`; // of frames
const feedText = ({ code, audience }) => `${code}/${audience}`;
const fresh = (area) => ({ area, position: 0, chain: Buffer.alloc(32) });
const sizeOf = (area) => 10 ** [10, 8, 6, 3, 0].find((z) => area % 10 ** z === 0);
const beneath = (code, area) => Math.floor(code / sizeOf(area)) === area / sizeOf(area);

export class Client {
  forms = new Map(); // by name: what a form says
  formPosition = 0;
  feeds = new Map(); // by area and audience: {area, position, chain}
  snapshots = new Map(); // that are under way, by feed: {name, next}
  chunks = 0; // taken
  confirmed = new Map(); // states by record: the fold of the feeds
  certificates = [];
  persons = []; // {key, name}: who wants a certificate
  areas = []; // that were merged, or got another code or name
  alarms = [];
  quarantine = new Map(); // verdicts by own number
  epochs = []; // that were met
  lives = []; // its actors, the one that writes now last
  lamport = 0;
  keys = { serial: 0, pins: [] };
  requests = 0; // how many were answered
  taken = {}; // how many entries of each kind
  seed = crypto.randomBytes(32);
  vault = crypto.randomBytes(32);
  person = { seed: crypto.randomBytes(32) };
  behaviour = {}; // what tests make it do wrong

  constructor(url) {
    this.url = new URL(url);
    this.device = signPublic(this.seed);
    this.person.id = personName(signPublic(this.person.seed));
    this.begin();
  }
  // A new actor: its own numbers, leaves and chain. What the former one wrote stays.
  begin() {
    this.life = new Life(this.device, this.epoch ?? 0);
    this.lives.push(this.life);
  }
  get actor() {
    return this.life.actor;
  }
  get actorNonce() {
    return this.life.nonce;
  }
  get log() {
    return this.life.log;
  }
  get chain() {
    return this.life.chain;
  }
  get acked() {
    return this.life.acked;
  }
  get batches() {
    return this.life.batches;
  }
  set batches(list) {
    this.life.batches = list;
  }
  // What somebody has who copies the database, with the nonce that stands beside it.
  copy() {
    const copy = Object.assign(new Client(this.url), this);
    copy.lives = this.lives.map((life) => life.copy());
    copy.life = copy.lives.at(-1);
    copy.alarms = [];
    copy.feeds = new Map(this.feeds);
    copy.confirmed = new Map([...this.confirmed].map(([key, state]) => [key, state.clone()]));
    return copy;
  }

  // --- Transport ---

  async open() {
    const { hostname: host, port, protocol } = this.url;
    if (protocol === 'http:') return net.connect(port, host);
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    await new Promise((done, fail) => socket.once('secureConnect', done).once('error', fail));
    const { raw } = socket.getPeerCertificate();
    const key = new crypto.X509Certificate(raw).publicKey.export({ format: 'der', type: 'spki' });
    this.shown = crypto.createHash('sha256').update(key).digest('hex');
    return socket;
  }
  async http(method, path, body, socket) {
    const connection = socket ?? (await this.pinned());
    const headers = body
      ? { 'content-type': 'application/octet-stream', 'content-length': body.length }
      : {};
    return new Promise((done, fail) => {
      const request = http.request({
        method,
        path,
        headers,
        host: this.url.host,
        createConnection: () => connection,
      });
      request.on('error', fail).on('response', async (response) => {
        if (this.behaviour.cut) {
          connection.destroy();
          return fail(new Error('cut'));
        }
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        connection.destroy();
        return done({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks),
        });
      });
      request.end(body);
    });
  }
  // A connection to a server that shows a pinned key; another key must be in a list that the county
  // has signed.
  async pinned() {
    const socket = await this.open();
    if (this.url.protocol === 'http:' || !this.county || this.keys.pins.includes(this.shown))
      return socket;
    const { body } = await this.http('GET', '/v1/keys', null, socket);
    const list = readKeys(body, this.county.sign);
    if (list.serial < this.keys.serial) throw new Refused('an old list of keys');
    this.keys = list;
    if (!list.pins.includes(this.shown)) throw new Refused('this is not our server');
    return this.open();
  }

  async enrol(codeText, name) {
    const code = readCode(codeText);
    const request = enrolRequest(code, {
      device: this.device,
      vault: boxPublic(this.vault),
      person: signPublic(this.person.seed),
      name,
      nonce: crypto.randomBytes(16),
      wall: Date.now(),
    });
    const { status, body } = await this.http('POST', '/v1/enrol', request);
    if (status !== 200) throw new Refused(`enrol: ${status} ${body}`);
    const answer = readEnrolled(body, code, request);
    this.county = answer.county;
    this.epoch = this.life.epoch = answer.epoch;
    this.epochs.push(answer.epoch);
    this.id = answer.device;
    this.nonce = answer.nonce;
    this.keys = { serial: 0, pins: answer.pins };
    this.scope = answer.scope;
    return answer;
  }

  // --- Recording ---

  own() {
    return this.lives.flatMap((life) => life.log);
  }
  // Own changes that no feed has brought, by the names under which they are known.
  unpulled() {
    return this.lives.flatMap((life) =>
      life.log.filter(({ pulled }) => !pulled).map((own) => life.known(own)),
    );
  }
  form(name) {
    return [...this.forms.values()].filter((form) => form.name === name).at(-1);
  }
  // What people see: the confirmed state with own changes on top that no feed has brought yet.
  view(record) {
    const state = this.confirmed.get(dotText(record))?.clone() ?? new State(record);
    for (const change of this.unpulled())
      if (!byDot(change.record, record)) state.apply(change, change.wall, true);
    return state;
  }
  reading(record) {
    return new Reading(this.view(record), this.forms);
  }
  records() {
    const all = new Map(
      [...this.confirmed.values()].map((state) => [dotText(state.record), state.record]),
    );
    this.unpulled().forEach(({ record }) => all.set(dotText(record), record));
    return [...all.values()].map((record) => this.view(record));
  }

  // Saves a change of {kind, record, form, entries, reason, signed}; gives its dot.
  // asGiven: entries stand as they are, sane or not.
  save({ kind, record, form, entries, reason = '', signed = false, under = [], area: given, asGiven }) {
    const number = this.log.length + 1;
    const change = {
      kind,
      actor: this.actor,
      number,
      record: record ?? { actor: this.actor, number },
      form,
      person: this.person.id,
      wall: Date.now(),
      lamport: ++this.lamport,
      reason,
      evidence: [],
      under,
      entries: asGiven ? entries : sortEntries(entries),
      asGiven,
    };
    if (signed) change.signature = sign(this.person.seed, 'yg person', canonical(change, false));
    const born = entries.find((e) => e.field === AREA)?.value;
    const code = given ?? (record ? this.view(record).area() : Number(born));
    const area = { code, audience: audiences[this.forms.get(form)?.audience] ?? 1 };
    this.life.write(change, area, kindOf(area, form));
    return { actor: this.actor, number };
  }

  // fields: [{field, type, value}], several of one field in a set. Rank and the flag keep are the
  // form's.
  shape(form, instance, { field, rank, keep, replaces = [], ...value }) {
    const said = this.forms.get(form)?.fields.find((f) => f.number === field) ?? {};
    return {
      instance,
      field,
      rank: rank ?? said.rank ?? 0,
      keep: keep ?? said.scope !== undefined,
      replaces,
      ...value,
    };
  }
  create(form, code, fields, instances = []) {
    const number = this.log.length + 1;
    const all = [{ field: AREA, type: INTEGER, value: code }, ...fields];
    const entries = all.map((field) => this.shape(form, root, field));
    instances.forEach((one, i) => {
      const instance = { actor: this.actor, number, ordinal: i + 1 };
      entries.push(
        ...[{ field: EXISTS, ...one.place }, ...one.fields].map((f) =>
          this.shape(form, instance, f),
        ),
      );
    });
    return this.save({ kind: CREATE, form, entries });
  }
  // Takes the place of what is live in these fields; in a conflict only a resolve replaces what others
  // wrote. With add it takes the place of nothing, with drop of these versions. What is one answer with
  // a field is written along with it.
  edit(record, fields, { instance = root, add = false, drop, kind = EDIT, ...more } = {}) {
    const reading = this.reading(record);
    const { state } = reading;
    const form = reading.form?.id ?? this.formOf(state);
    const mine = (v) => state.infos.get(dotText(v)).person === this.person.id;
    const asked = (field) =>
      reading.conflicts.some(
        (c) =>
          !byInstance(c.instance, instance) &&
          (c.field === field || (c.kind === 'group' && c.field === this.groupOf(form, field))),
      );
    const replaced = (field) => {
      if (add) return [];
      const live = drop ?? state.live(instance, field);
      return kind === EDIT && asked(field) ? live.filter(mine) : live;
    };
    const entries = [];
    const write = (field) => {
      const again = entries.some((e) => e.field === field.field);
      const replaces = again ? [] : replaced(field.field);
      entries.push(this.shape(form, instance, { ...field, replaces }));
    };
    fields.forEach(write);
    for (const { number, merge_group: group } of this.forms.get(form)?.fields ?? []) {
      const along = fields.some((f) => group && this.groupOf(form, f.field) === group);
      if (!along || entries.some((e) => e.field === number)) continue;
      const cell = reading.cell(instance, number);
      const said = cell?.kind === 'conflict' ? cell.versions.find(mine) : cell?.value;
      if (said && said.type !== ERASED)
        write({ field: number, type: said.type, value: said.value, rank: said.rank });
    }
    return this.save({ kind, record, form, entries, ...more });
  }
  groupOf(form, number) {
    return this.forms.get(form)?.fields.find((f) => f.number === number)?.merge_group;
  }
  resolve(record, field, reason, instance = root) {
    return this.edit(record, [field], { instance, kind: RESOLVE, reason, signed: true });
  }
  addInstance(record, place, fields) {
    const instance = { actor: this.actor, number: this.log.length + 1, ordinal: 1 };
    this.edit(record, [{ field: EXISTS, ...place }, ...fields], { instance });
    return instance;
  }
  // Takes out an instance, or the record: the cover names every change that is live inside.
  remove(record, instance = root, reason = '') {
    const reading = this.reading(record);
    const { repeat = 0, parent, unnamed } = reading.nodes.get(instanceText(instance));
    if (unnamed) throw new Refused('this is in question: a resolve has to answer it');
    const w = new Writer().byte(2).varint(repeat);
    putInstance(w, parent?.id ?? root);
    putDots(w, reading.inside(instance));
    const cover = { field: EXISTS, type: BYTES, value: w.done() };
    return this.edit(record, [cover], { instance, kind: REMOVE, reason });
  }
  formOf(state) {
    return state.infos.get(dotText(state.record)).form;
  }

  // --- Sending ---

  // Cuts what is in no batch yet; what was cut stays the same until it is receipted. What was receipted
  // before a county was restored ends with a batch of its own.
  cut() {
    for (const life of this.lives) {
      const next = () => (life.batches.at(-1)?.last ?? life.acked) + 1;
      if (next() <= life.most) this.cutOne(life, next(), life.most);
      if (next() <= life.log.length) this.cutOne(life, next(), life.log.length);
    }
  }
  cutOne(life, first, last) {
    const frames = new Map();
    for (const { change, area, leaf } of life.log.slice(first - 1, last)) {
      const key = kindOf(area, change.form);
      if (!frames.has(key)) frames.set(key, { key, area, changes: [] });
      frames.get(key).changes.push(change.erased ? { ...change, leaf } : change);
    }
    const bytes = encodeBatch({
      county: this.county,
      device: { seed: this.behaviour.seed ?? this.seed, id: this.id },
      actor: life.actor,
      nonce: first === 1 && life.nonce,
      fresh: first === 1 && life.epoch === this.epoch,
      epoch: this.epoch,
      scope: this.scope.serial,
      wall: Date.now(),
      previous: life.chain[first - 1],
      first,
      last,
      chain: life.chain[last],
      frames: [...frames.values()].map(({ key, area, changes }) =>
        encodeFrame(changes, area, (run) => life.secret(key, run * 64)),
      ),
    });
    life.batches.push({ first, last, bytes });
  }
  hello({ whole = false, locked = false, max_bytes } = {}) {
    return helloPart({
      whole,
      locked,
      max_bytes,
      device: this.id,
      actor: this.actor,
      epoch: this.epoch,
      scope_serial: this.scope.serial,
      scope_at: this.scopeAt,
      form_position: this.formPosition,
      wall_ms: Date.now(),
      own_last: this.log.length,
      nonce: this.nonce,
      seed: this.behaviour.helloSeed ?? this.seed,
      cursors: [...this.feeds.values()],
      persons: this.persons,
      told: this.behaviour.silent
        ? []
        : this.lives.map((life) => life.told).filter((told) => told !== undefined),
    });
  }
  async post(options) {
    const batches = this.lives.flatMap((life) => life.batches).map(({ bytes }) => part(BATCH, bytes));
    const hello = this.hello(options);
    const wants = options?.history ? [] : [wantPart([...this.snapshots.values()])];
    const program = this.behaviour.program ?? 'protocol.md';
    return this.http(
      'POST',
      '/v1/sync',
      Buffer.concat([
        Buffer.from([1]),
        hello,
        ...(program ? [part(PROGRAM, Buffer.from(program))] : []),
        ...wants,
        ...batches,
      ]),
    );
  }

  // One request and its answer, taken as a whole. Gives whether to ask again at once.
  async exchange(options = {}) {
    this.followScope();
    this.cut();
    let response = await this.post(options);
    if (response.status === 401) {
      this.nonce = readAnswer(response.body, this.county).nonce;
      response = await this.post(options);
    }
    if (response.status !== 200) throw new Refused(`${response.status}: ${response.body}`);
    const answer = readAnswer(response.body, this.county, this.vault);
    if (!answer.end?.equals(this.nonce ?? Buffer.alloc(16)))
      throw new Refused('the answer was cut off on its way, or is that of another request');
    this.requests++;
    return this.take(answer);
  }
  async sync(options = {}) {
    let count = 0;
    for (let again = true; again; count++)
      again = await this.exchange({ ...options, whole: again === 'whole' });
    return count;
  }

  // --- Receiving ---

  // Asks for the feeds of the scope's areas, besides those that have come.
  followScope() {
    for (const code of this.scope.areas)
      for (let audience = 1; audience <= 3; audience++) {
        const area = { code, audience };
        if (this.scope.audiences & (1 << audience) && !this.feeds.has(feedText(area)))
          this.feeds.set(feedText(area), fresh(area));
      }
  }
  // The code in force for an area.
  inForce(code) {
    for (;;) {
      const acts = this.areas.filter(({ act, from }) => act !== 3 && beneath(code, from));
      const [act] = acts.sort((a, b) => sizeOf(a.from) - sizeOf(b.from));
      if (!act) return code;
      code = act.to + (code % sizeOf(act.from));
    }
  }
  // Forgets the feeds that lie in no area of the scope any more, and what stands in no other.
  leaveAreas() {
    const granted = [...this.scope.areas, ...this.scope.areas.map((area) => this.inForce(area))];
    for (const [key, { area }] of this.feeds)
      if (!granted.some((one) => beneath(area.code, one))) {
        this.feeds.delete(key);
        for (const record of this.confirmed.keys()) this.leave(record, key);
      }
  }
  // A record that has left every feed in which it stood is forgotten.
  leave(record, feed) {
    const state = this.confirmed.get(record);
    state?.feeds.delete(feed);
    if (state?.feeds.size === 0) this.confirmed.delete(record);
  }

  take(answer) {
    const feeds = new Map();
    const work = []; // done when everything has been checked
    const forms = [];
    const manifests = [];
    for (const p of answer.parts) {
      if (p.kind === SNAPSHOT) {
        const manifest = readManifest(p.manifest);
        const key = feedText(manifest.area);
        manifests.push(manifest);
        if (!p.first && !p.after && this.feeds.get(key)?.position) {
          this.alarms.push(this.feeds.get(key));
          this.feeds.set(key, fresh(manifest.area));
        }
        if (!p.first) this.snapshots.set(key, { name: manifest.name, next: 0 });
        continue;
      }
      if (p.kind === CHUNK) {
        const manifest = manifests.find(({ name }) => name.subarray(0, 8).equals(p.name));
        const key = feedText(manifest.area);
        const under = this.snapshots.get(key);
        if (!under?.name.equals(manifest.name) || under.next !== p.index)
          throw new Refused('a snapshot with a gap');
        const { entries, states } = readChunk(manifest, p.index, p.bytes);
        work.push(...entries.map((body) => ({ ...readEntry({ body }), feed: key })));
        work.push(...states.map((state) => ({ kind: ENTER, feed: key, record: state.record, state })));
        this.chunks++;
        under.next++;
        if (under.next < manifest.chunks.length) continue;
        this.snapshots.delete(key);
        feeds.set(key, { ...manifest, waiting: [] });
        continue;
      }
      if (p.kind === AREAS) continue;
      if (p.kind === FORM) {
        if (!answer.forms.includes(hash('yg form', p.json).toString('hex')))
          throw new Refused('an unsigned form');
        forms.push(p);
        continue;
      }
      const key = feedText(p.area);
      const feed = feeds.get(key) ?? { ...(this.feeds.get(key) ?? fresh(p.area)), waiting: [] };
      feeds.set(key, feed);
      if (p.kind === ENTRY) {
        if (p.position === 1 && feed.position) {
          // the server does not know our cursor
          this.alarms.push(feed);
          Object.assign(feed, fresh(p.area));
        }
        if (p.position !== feed.position + 1)
          throw new Refused(`feed ${key}: ${p.position} behind ${feed.position}`);
        const entry = readEntry(p, (actor, number) => this.ownLeaf(actor, number));
        feed.position = p.position;
        feed.chain = feedNext(feed.chain, entryDigest(entry));
        feed.own ||= entry.kind === OWN;
        feed.waiting.push({ ...entry, feed: key });
      } else if (p.kind === CURSOR) {
        if (
          p.position !== feed.position ||
          (p.position && !feed.chain.subarray(0, 8).equals(p.chain))
        ) {
          if (feed.own) return 'whole';
          throw new Refused(`feed ${key}: its chain does not fit`);
        }
        work.push(...feed.waiting);
        feed.taken = { area: p.area, position: feed.position, chain: feed.chain };
      }
    }
    if (answer.epoch !== this.epoch) {
      // The county was restored: what it says now is all that it has.
      this.epoch = answer.epoch;
      this.epochs.push(answer.epoch);
      this.nonce = answer.nonce;
      this.formPosition = 0;
      this.feeds = new Map();
      this.snapshots = new Map();
      this.confirmed = new Map();
      this.lives.forEach((life) => life.forgetReceipts());
      this.takeReceipts(answer.receipts);
      return true;
    }
    this.takeReceipts(answer.receipts);
    if (this.life.lineage.length && !this.life.isDone) {
      this.nonce = answer.nonce;
      return true; // not all own names are known yet
    }
    for (const [key, feed] of feeds) if (feed.taken) this.feeds.set(key, feed.taken);
    for (const head of answer.heads) {
      const feed = this.feeds.get(feedText(head.area));
      if (feed?.position === head.position && !feed.chain.equals(head.chain))
        this.alarms.push(head);
    }
    for (const form of forms) {
      this.forms.set(formName(form.json), { ...JSON.parse(form.json), id: formName(form.json) });
      this.formPosition = form.position;
    }
    this.nonce = answer.nonce;
    if (answer.areas) this.areas = answer.areas;
    for (const one of answer.certificates)
      this.certificates.push({ ...one, id: personName(one.key) });
    work.forEach((entry) => this.takeEntry(entry));
    const moved = answer.scope && answer.scope.serial !== this.scope.serial;
    if (answer.scope) this.scope = answer.scope;
    this.scopeAt = moved ? this.log.length : 0;
    if (!moved) this.leaveAreas();
    return answer.more || moved || this.lives.some((life) => !life.isDone);
  }
  ownLeaf(actor, number) {
    return this.byNumber(actor, number)?.leaf ?? Buffer.alloc(32);
  }
  // By the number that it was given.
  byNumber(actor, number) {
    return this.lives.find((life) => life.actor === actor)?.log[number - 1];
  }
  takeReceipts(receipts) {
    for (const receipt of receipts) this.takeReceipt(receipt, receipts);
    if (this.life.ending && this.life.isDone) this.begin();
  }
  takeReceipt(receipt, all) {
    const { actor, number, want, backedUp, outcomes, forks } = receipt;
    this.last = { actor, number, want, backedUp, outcomes, forks };
    const life = this.lives.find((one) => one.actor === actor);
    const fitting = all.filter((one) => one.actor === actor && life?.fits(one));
    if (!life || (fitting.length && !fitting.includes(receipt))) return;
    if (life === this.life)
      for (const { number: at, verdict } of outcomes) {
        if (verdict === 0) this.quarantine.delete(at);
        else this.quarantine.set(at, verdict);
      }
    if (fitting.some((one) => one.number > number)) return;
    const isCopied = !fitting.length || life.take(receipt, this.epochs);
    if (isCopied) this.alarms.push('another copy of this database is at work');
    if (!fitting.length && life === this.life) this.begin();
  }
  takeEntry(entry) {
    this.taken[entry.kind] = (this.taken[entry.kind] ?? 0) + 1;
    const pulled = (dot) => {
      for (const life of this.lives) {
        const own = life.log.find((one) => !byDot(life.known(one), dot));
        if (own) own.pulled = true;
      }
    };
    if (entry.kind === LEAVE) this.leave(dotText(entry.record), entry.feed);
    if (entry.kind === REDACT) {
      this.confirmed.get(dotText(entry.record))?.erase(entry.erasure);
      for (const life of this.lives)
        for (const own of life.log) {
          const change = erase(own.change, entry.erasure, life.known(own));
          if (change !== own.change) life.batches = [];
          own.change = change;
        }
    }
    if (entry.kind === ENTER || entry.kind === ERASED_ENTER) {
      const state = this.state(entry.record, entry.feed);
      state.join(State.unpacked({ ...entry.state, record: entry.record }));
      [...state.infos.values()].forEach(pulled);
    }
    for (const { number, admitted, ...read } of entry.changes ?? []) {
      if (!admitted) continue;
      const change =
        entry.kind === OWN ? this.byNumber(entry.actor, number).change : { ...read, number };
      this.lamport = Math.max(this.lamport, change.lamport);
      const time = Math.min(change.wall + entry.offset, entry.received);
      const known = entry.forks ? renamed(change, entry.forks) : change;
      this.state(known.record, entry.feed).apply(known, time);
      pulled(known);
    }
  }
  state(record, feed) {
    const key = dotText(record);
    if (!this.confirmed.has(key)) this.confirmed.set(key, new State(record));
    const state = this.confirmed.get(key);
    state.feeds.add(feed);
    return state;
  }
}
