// route.mjs: which page is shown. The address after # names it: records by their ids, drafts by
// their numbers, never a name of anybody.
export function routeNow() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return '';
    }
  });

  return { name: parts[0] || 'home', words: parts.slice(1) };
}

let turned = ''; // where go() has turned to by itself

// The page is turned at once, not when the browser gets round to saying so: a key that is pressed in
// between would still reach the page that one has left.
export function go(...parts) {
  const before = location.hash;

  location.hash = `/${parts.map(encodeURIComponent).join('/')}`;
  if (location.hash === before) return;
  turned = location.href;
  dispatchEvent(new Event('turn'));
}

// turn is called once for every time that the address names something else. Returns what ends it.
export function onTurn(turn) {
  const look = (event) => {
    if (event.newURL !== turned) turn();
    turned = '';
  };

  addEventListener('turn', turn);
  addEventListener('hashchange', look);
  return () => {
    removeEventListener('turn', turn);
    removeEventListener('hashchange', look);
  };
}
