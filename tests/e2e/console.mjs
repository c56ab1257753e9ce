// console.mjs: what the tests of the county's console share: a county that serves one, its staff,
// and a browser that sends what it is told to send.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { County, send } from './web.mjs';

export const ROLES = ['village', 'investigator', 'clerk', 'township', 'county', 'admin', 'auditor', 'city',
  'joint', 'pollster'];

// A county with somebody of each role, who has changed his secret already.
export class ConsoleCounty extends County {
  constructor(work, options = []) {
    super(work);
    this.options = ['--plain', '--console', '127.0.0.1:0', '--console-port-file', `${work}/console`, ...options];
    this.people = {};
  }
  // name = role, unless said otherwise
  add(role, name = role, areas = '430626') {
    const secret = `the long secret of ${name}`;
    this.syncdAs(secret, 'user', 'add', name, '--role', role, '--areas', areas);
    this.people[name] = { role, secret };
  }
  async start() {
    await this.startWith(this.options);
  }
  async startWith(options) {
    fs.rmSync(`${this.work}/console`, { force: true });
    await super.start(options);
    this.console = await this.address(`${this.work}/console`);
    this.consolePort = Number(/:(\d+)$/.exec(this.console)[1]);
  }
  async browser(name) {
    const browser = new DeskBrowser(this);
    const answer = await browser.login(name);
    if (answer.json?.stage !== 'done') throw new Error(`${name} cannot log in: ${answer.text}`);
    return browser;
  }
}

export class DeskBrowser {
  constructor(county, language = 'en') {
    this.county = county;
    this.language = language;
  }
  get port() {
    return this.county.consolePort;
  }
  headers() {
    const headers = { 'accept-language': this.language, 'sec-fetch-site': 'same-origin' };
    if (this.cookie) headers.cookie = this.cookie;
    return headers;
  }
  take(answer) {
    const cookie = answer.headers['set-cookie']?.[0];
    if (cookie) this.cookie = cookie.split(';')[0];
    return answer;
  }
  async get(target) {
    return this.take(await send(this.port, 'GET', target, this.headers()));
  }
  async post(target, body = {}, headers = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    return this.take(await send(this.port, 'POST', target, {
      ...this.headers(), origin: `http://127.0.0.1:${this.port}`, 'content-type': 'application/json',
      'content-length': bytes.length, ...headers,
    }, bytes));
  }
  login(name, secret = this.county.people[name]?.secret) {
    return this.post('/api/login', { name, secret });
  }
}

// What a telephone shows, as RFC 6238 has it.
export function codeOf(base32, at = Date.now()) {
  const bits = [...base32].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((one) => parseInt(one, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const hash = crypto.createHmac('sha1', key).update(counter).digest();
  const four = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(four % 1000000).padStart(6, '0');
}
