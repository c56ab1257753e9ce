// knock.mjs: knocks at the county's door with what no tablet would send.
//
//   node knock.mjs PORT
//
// Every answer must be a refusal (4xx) or a cut connection, never a 5xx and never silence for as
// long as others wait; afterwards the door must still answer. Prints what was wrong and exits 1.
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import crypto from 'node:crypto';

const port = Number(process.argv[2]);
const faults = [];
const agent = new https.Agent({ keepAlive: true, maxSockets: 8 });

function ask(method, path, body, headers = {}) {
  return new Promise((resolve) => {
    const options = { port, method, path, headers, agent, rejectUnauthorized: false };
    const request = https.request(options, (response) => {
      let size = 0;
      response.on('data', (data) => (size += data.length));
      response.on('end', () => resolve({ status: response.statusCode, size }));
      response.on('error', () => resolve({ status: 0 }));
    });
    request.on('error', () => resolve({ status: 0 }));
    request.setTimeout(20000, () => {
      faults.push(`${method} ${path}: no answer in 20 s`);
      request.destroy();
    });
    request.end(body);
  });
}

async function refused(what, method, path, body, headers) {
  const { status } = await ask(method, path, body, headers);
  if (status !== 0 && (status < 400 || status > 499)) faults.push(`${what}: status ${status}`);
}

// Raw bytes after the TLS handshake, or before it; resolves when the other side closes or after
// some time.
function raw(bytes, { plain = false, wait = 300 } = {}) {
  return new Promise((resolve) => {
    const socket = plain
      ? net.connect(port, '127.0.0.1', () => socket.write(bytes))
      : tls.connect({ port, rejectUnauthorized: false }, () => socket.write(bytes));
    let got = '';
    socket.on('data', (data) => (got += data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
    setTimeout(() => socket.destroy(), wait);
  });
}

const routes = ['/v1/sync', '/v1/enrol'];
const jobs = [];
for (const route of routes) {
  for (const size of [0, 1, 2, 7, 64, 1000, 65536])
    jobs.push(refused(`${size} random bytes`, 'POST', route, crypto.randomBytes(size)));
  for (const fill of [0, 1, 0x7f, 0x80, 0xff])
    jobs.push(refused(`4 kB of ${fill}`, 'POST', route, Buffer.alloc(4096, fill)));
  // Lengths that promise the world.
  for (const lie of ['ffffffffffffffffff01', '01ffffffff0f', '02ffffffff0f00', '01808080808080808001'])
    jobs.push(refused(`length ${lie}`, 'POST', route, Buffer.from(lie, 'hex')));
  const gzip = { 'content-encoding': 'gzip' };
  jobs.push(refused('compressed body', 'POST', route, Buffer.alloc(99), gzip));
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    jobs.push(refused(`${method} ${route}`, method, route));
}
const long = 'a'.repeat(5000);
const paths = ['/', '/v1', '/v1/', '/v1/sync/', '/v1/nothing', '/%00', '/v1/../v1/sync'];
for (const path of [...paths, '/v1/sync%2f', `/${long}`, `/v1/sync?${long}`]) {
  jobs.push(refused(`GET ${path.slice(0, 20)}`, 'GET', path));
  jobs.push(refused(`POST ${path.slice(0, 20)}`, 'POST', path, 'x'));
}
await Promise.all(jobs);

// 10 MB and more than is ever taken.
await refused('10 MB', 'POST', '/v1/sync', Buffer.alloc(10_000_000, 'a'));
await refused('10 MB to enrol', 'POST', '/v1/enrol', Buffer.alloc(10_000_000, 'a'));

const head = 'POST /v1/sync HTTP/1.1\r\nHost: x\r\n';
await Promise.all([
  raw(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), { plain: true }),
  raw(crypto.randomBytes(5000), { plain: true }),
  raw(crypto.randomBytes(5000)),
  raw(Buffer.alloc(5000)),
  raw(head + 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'),
  raw(head + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  raw(head + 'Content-Length: -1\r\n\r\n'),
  raw(head + 'Content-Length: 99999999999999999999\r\n\r\n'),
  raw(head + 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx'),
  raw(head + 'Content-Length: 100\r\n\r\nonly this'),
  raw(head + `X: ${'y'.repeat(200000)}\r\n\r\n`),
  raw(head + 'X: y\r\n'.repeat(20000) + '\r\n'),
  raw(head.replace('HTTP/1.1', 'HTTP/9.9') + '\r\n'),
]);

// Slow clients hold what they hold; everybody else is answered meanwhile.
const slow = [];
for (let i = 0; i < 100; i++) {
  const socket = tls.connect({ port, rejectUnauthorized: false }, () =>
    socket.write(head + 'Content-Length: 1000\r\n\r\nx'),
  );
  socket.on('error', () => {});
  slow.push(socket);
}
await Promise.all(slow.map((socket) => new Promise((resolve) => {
  socket.once('secureConnect', resolve);
  socket.once('close', resolve);
})));
const healthy = await ask('GET', '/v1/health');
if (healthy.status !== 200) faults.push(`among slow clients: status ${healthy.status}`);
for (const socket of slow) socket.destroy();
if ((await ask('GET', '/v1/keys')).status !== 200) faults.push('afterwards /v1/keys is silent');

agent.destroy();
for (const fault of faults.slice(0, 20)) console.log('#', fault);
process.exit(faults.length === 0 ? 0 : 1);
