// proxy.mjs: a wire on loopback that can be cut or tampered with.
//
//   node proxy.mjs TARGET_PORT PORT_FILE PLAN...
//
// Listens on a free port, writes it to PORT_FILE, and hands on what comes to 127.0.0.1:TARGET_PORT
// and back. The k-th connection follows the k-th word of the plan, later ones the last word:
//
//   pass      hands on everything
//   up:N      cuts both ways after N bytes towards the target
//   down:N    cuts both ways after N bytes towards the caller
//   flip:N    flips a bit of byte N towards the target
//   flop:N    flips a bit of byte N towards the caller
//   deaf      takes everything and never answers
import fs from 'node:fs';
import net from 'node:net';

const [target, portFile, ...plan] = process.argv.slice(2);
let connections = 0;

function wire(from, to, limit, flip, cut) {
  let seen = 0;
  from.on('data', (data) => {
    if (flip >= seen && flip < seen + data.length) data[flip - seen] ^= 4;
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
    return;
  }
  const callee = net.connect(Number(target), '127.0.0.1');
  const cut = () => {
    caller.destroy();
    callee.destroy();
  };
  const number = Number(at);
  wire(caller, callee, what === 'up' ? number : Infinity, what === 'flip' ? number : -1, cut);
  wire(callee, caller, what === 'down' ? number : Infinity, what === 'flop' ? number : -1, cut);
  for (const socket of [caller, callee]) {
    socket.on('error', cut);
    socket.on('close', cut);
  }
});
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(portFile + '.new', String(server.address().port));
  fs.renameSync(portFile + '.new', portFile);
});
