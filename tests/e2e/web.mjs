// web.mjs: what the tests of the web app share: a county, tablets that serve, and a client that
// sends what it is told to send, wrong headers included.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

export const build = path.resolve(process.env.YG_BUILD ?? 'build');
export const area = '430626117205';
const forms = new URL('../../schema/forms/', import.meta.url).pathname;
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

export function folder(name) {
  return fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), `yg-${name}-`));
}

export function run(program, words, secret) {
  return execFileSync(path.join(build, program), words, {
    env: { ...process.env, LANG: 'C.UTF-8', YG_PASSPHRASE: secret },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function start(program, words, log) {
  const child = spawn(path.join(build, program), words, {
    env: { ...process.env, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', fs.openSync(log, 'a')],
  });
  children.add(child);
  child.ended = new Promise((done) =>
    child.once('exit', () => {
      children.delete(child);
      done();
    }),
  );
  return child;
}

const printed = (child, pattern) =>
  new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (piece) => {
      text += piece;
      const found = pattern.exec(text);
      if (found) done(found);
    });
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${text}`)));
  });

// A port that the system deals out to nobody who asks for any: a county is taken down and started again
// at its old address, and meanwhile another program must not get that.
let countyPort = 10000 + process.pid * 4 % 20000;

// For each page of a browser: a busy machine is no fault. With SLOW=4 the pages run as on one that is four
// times slower.
export async function patient(page) {
  page.setDefaultTimeout(30000);
  if (!process.env.SLOW) return;
  const wire = await page.context().newCDPSession(page);
  await wire.send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.SLOW) });
}

export class County {
  constructor(work) {
    this.work = work;
    this.port = countyPort++;
    this.syncd('init', '--area', '430626');
    this.syncd('user', 'add', 'li', '--role', 'county');
  }
  syncd(...words) {
    return this.syncdAs('secret-of-li', ...words);
  }
  syncdAs(secret, ...words) {
    return run('yg-syncd', [...words, '--data', `${this.work}/county`], secret);
  }
  publish(form) {
    this.syncd('form', 'publish', `${forms}${form}`);
  }
  async start(options = []) {
    const address = `${this.work}/address`;
    for (let tries = 1; ; tries++) {
      fs.rmSync(address, { force: true });
      this.child = start(
        'yg-syncd',
        ['serve', '--data', `${this.work}/county`, '--listen', `127.0.0.1:${this.port}`, '--port-file', address,
          ...options],
        `${this.work}/county.log`,
      );
      try {
        this.url = await this.address(address);
        return;
      } catch (error) {
        if (this.url || tries === 3) throw error;
        this.port = countyPort++; // somebody serves there for good
      }
    }
  }
  // What the service writes there once it listens.
  async address(file) {
    while (!fs.existsSync(file) || !fs.readFileSync(file, 'utf8').trim()) {
      if (this.child.exitCode !== null)
        throw new Error(`the county did not start: ${fs.readFileSync(`${this.work}/county.log`, 'utf8')}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    return fs.readFileSync(file, 'utf8').trim();
  }
  async stop() {
    this.child.kill();
    await this.child.ended;
  }
}

export class Tablet {
  constructor(county, person, areas = area, given = undefined) {
    this.person = person;
    this.data = `${county.work}/tablet-${person}`;
    const code = given ?? county.syncd('device', 'invite', '--areas', areas, '--name', `tablet-${person}`, '--person', person);
    this.agent('enrol', '--server', county.url, '--code', code);
    this.agent('sync');
  }
  agent(...words) {
    return run('yg-agent', [...words, '--data', this.data], `secret-of-${this.person}`);
  }
  async start(...options) {
    this.child = start('yg-agent', ['serve', '--every', '0', '--data', this.data, ...options], `${this.data}.log`);
    const found = await printed(this.child, /http:\/\/127\.0\.0\.1:(\d+)\n/);
    this.port = Number(found[1]);
  }
  async kill() {
    this.child.kill('SIGKILL');
    await this.child.ended;
  }
  // The exit status: not 0 also where a sanitizer has found something.
  async stop() {
    this.child.kill();
    await this.child.ended;
    return this.child.exitCode;
  }
  token() {
    return /name="token" value="([0-9a-f]{32})"/.exec(fs.readFileSync(`${this.data}/launch.html`, 'utf8'))[1];
  }
}

// One request as it is told; the answer with its headers, and its body as text and as JSON.
export function send(port, method, target, headers = {}, body = undefined) {
  return new Promise((done, fail) => {
    const request = http.request({ host: '127.0.0.1', port, method, path: target, headers }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', fail);
      response.on('end', () => {
        const bytes = Buffer.concat(pieces);
        let json;
        try {
          json = JSON.parse(bytes.toString('utf8'));
        } catch {
          json = undefined;
        }
        done({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString('utf8'), json });
      });
    });
    request.on('error', fail);
    if (body !== undefined) request.write(body);
    request.end();
  });
}

// A browser on a tablet: sends what a page of ours would send.
export class Browser {
  constructor(tablet, language = 'en') {
    this.tablet = tablet;
    this.language = language;
  }
  headers() {
    const headers = { 'accept-language': this.language, 'sec-fetch-site': 'same-origin' };
    if (this.cookie) headers.cookie = this.cookie;
    return headers;
  }
  get(target) {
    return send(this.tablet.port, 'GET', target, this.headers());
  }
  post(target, body = {}, type = 'application/json') {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const headers = {
      ...this.headers(),
      origin: `http://127.0.0.1:${this.tablet.port}`,
      'content-type': type,
      'content-length': bytes.length,
    };
    return send(this.tablet.port, 'POST', target, headers, bytes);
  }
  // As the launch page does: a form, from a page of the disk.
  async launch() {
    const body = `token=${this.tablet.token()}`;
    const headers = {
      origin: 'null',
      'sec-fetch-site': 'cross-site',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    };
    const answer = await send(this.tablet.port, 'POST', '/api/launch', headers, body);
    this.cookie = answer.headers['set-cookie']?.[0].split(';')[0];
    return answer;
  }
  unlock(person = this.tablet.person) {
    return this.post('/api/unlock', { person, secret: `secret-of-${person}` });
  }
}
