// control.mjs: speaks to a running service through the socket in its data folder, as base/control.h
// lays down. A thousand commands this way cost what ten processes do.
import net from 'node:net';
import path from 'node:path';

const sized = (bytes) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
};

export function request(words, { secret, input = '', directory = process.cwd() } = {}) {
  const head = Buffer.alloc(4);
  head[0] = secret === undefined ? 0 : 2;
  head.writeUInt16BE(words.length, 2);
  const body = Buffer.concat([
    head,
    ...words.map((word) => sized(Buffer.from(word))),
    sized(Buffer.from(directory)),
    sized(Buffer.from(secret ?? '')),
    sized(Buffer.from(input)),
  ]);
  return Buffer.concat([Buffer.from('YGC1'), sized(body)]);
}

// Sends bytes as they are; the pieces of the answer, and status null when there was no end.
export function exchange(folder, bytes) {
  return new Promise((resolve, reject) => {
    const got = [];
    const socket = net.connect(path.join(folder, 'control'), () => socket.write(bytes));
    socket.on('data', (data) => got.push(data));
    socket.on('error', reject);
    socket.on('close', () => {
      const all = Buffer.concat(got);
      const out = { status: null, stdout: [], stderr: [] };
      for (let at = 0; at + 5 <= all.length; ) {
        const size = all.readUInt32BE(at + 1);
        const piece = all.subarray(at + 5, at + 5 + size);
        if (all[at] === 1) out.stdout.push(piece);
        if (all[at] === 2) out.stderr.push(piece);
        if (all[at] === 3) out.status = piece[0];
        at += 5 + size;
      }
      out.stdout = Buffer.concat(out.stdout).toString();
      out.stderr = Buffer.concat(out.stderr).toString();
      resolve(out);
    });
  });
}

export async function command(folder, words, options) {
  const answer = await exchange(folder, request(words, options));
  if (answer.status !== 0)
    throw new Error(`${words.join(' ')}: status ${answer.status}: ${answer.stderr}`);
  return answer.stdout;
}
