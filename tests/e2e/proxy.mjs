// proxy.mjs: a wire on loopback that can be cut or tampered with.
//
//   node proxy.mjs TARGET_PORT PORT_FILE PLAN...
//
// Listens on a free port, writes it to PORT_FILE, and hands on what comes to 127.0.0.1:TARGET_PORT
// and back. The k-th connection follows the k-th word of the plan, later ones the last word:
//
//   pass      hands on everything
//   tap       the same, and appends what goes to the target to PORT_FILE.tap
//   up:N      cuts both ways after N bytes towards the target
//   down:N    cuts both ways after N bytes towards the caller
//   flip:N    flips a bit of byte N behind the HTTP head towards the target
//   flop:N    flips a bit of byte N behind the HTTP head towards the caller
//   deaf      takes everything and never answers; writes "taken" to stderr
import fs from 'node:fs';
import net from 'node:net';

const [target, portFile, ...plan] = process.argv.slice(2);
let connections = 0;

function wire(from, to, limit, flip, cut, tapped) {
  let seen = 0;
  let head = flip < 0 ? NaN : Infinity; // where the head ends
  from.on('data', (data) => {
    if (tapped) fs.appendFileSync(portFile + '.tap', data);
    if (head === Infinity && data.indexOf('\r\n\r\n') >= 0)
      head = seen + data.indexOf('\r\n\r\n') + 4;
    if (head + flip >= seen && head + flip < seen + data.length) data[head + flip - seen] ^= 4;
    if (seen + data.length >= limit) {
      // What was cut off has not arrived; what came before has.
      to.write(data.subarray(0, limit - seen), cut);
      from.removeAllListeners('data');
    } else {
      to.write(data);
    }
    seen += data.length;
  });
  from.on('end', () => to.end());
}

const server = net.createServer((caller) => {
  const [what, at] = plan[Math.min(connections++, plan.length - 1)].split(':');
  if (what === 'deaf') {
    caller.on('error', () => {});
    caller.resume();
    console.error('taken');
    return;
  }
  const callee = net.connect(Number(target), '127.0.0.1');
  const cut = () => {
    caller.destroy();
    callee.destroy();
  };
  const number = Number(at);
  const limit = (way) => (what === way ? number : Infinity);
  const flip = (way) => (what === way ? number : -1);
  wire(caller, callee, limit('up'), flip('flip'), cut, what === 'tap');
  wire(callee, caller, limit('down'), flip('flop'), cut, false);
  for (const socket of [caller, callee]) {
    socket.on('error', cut);
    socket.on('close', cut);
  }
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(portFile + '.new', String(server.address().port));
  fs.renameSync(portFile + '.new', portFile);
});
