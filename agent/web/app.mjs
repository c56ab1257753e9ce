// app.mjs: the tablet's pages: which one is shown, who is at work, and what all of them share.
import { html, render, useEffect, useState } from 'kit/html.mjs';
import { Failure, Toasts } from 'kit/components.mjs';
import { onLocked } from 'kit/request.mjs';
import { recallPreferences } from 'kit/preferences.mjs';
import { tr } from 'kit/words.mjs';
import * as api from './api.mjs';
import { routeNow } from './route.mjs';
import { Unlock, NoEntry } from './unlock.mjs';
import { Home } from './home.mjs';
import { NewRecord } from './begin.mjs';
import { Household } from './household.mjs';
import { Fill } from './fill.mjs';
import { Sync } from './sync.mjs';
import { Settings } from './settings.mjs';
import { Ready } from './ready.mjs';

const STATUS_MS = 20000;

const PAGES = { home: Home, new: NewRecord, record: Household, draft: Fill, sync: Sync,
  settings: Settings, ready: Ready };

function App() {
  const [route, setRoute] = useState(routeNow());
  const [me, setMe] = useState(null);
  const [status, setStatus] = useState({});
  const [trouble, setTrouble] = useState(null);

  async function look() {
    try {
      setMe(await api.me());
      setTrouble(null);
    } catch (failure) {
      setTrouble(failure);
    }
  }
  // Neither question counts as use. Once the tablet has locked itself, nothing of anybody stays on
  // the screen.
  async function refresh() {
    try {
      setStatus(await api.status());
      const now = await api.me();
      setMe((before) => (before?.person?.id === now.person?.id ? before : now));
    } catch {
      // The page that is shown says what does not work; the badge keeps its last numbers.
    }
  }
  useEffect(() => {
    const turn = () => {
      setRoute(routeNow());
      window.scrollTo(0, 0);
      document.querySelector('h1')?.focus();
    };

    onLocked(() => setMe((before) => (before ? { ...before, person: null } : before)));
    addEventListener('hashchange', turn);
    const timer = setInterval(refresh, STATUS_MS);
    look();
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (me?.person) refresh();
  }, [me, route]);

  if (trouble?.code === 'launch')
    return html`<${NoEntry} trouble=${trouble} />`;
  if (trouble) return html`<main class="narrow"><${Failure} trouble=${trouble}
    onAgain=${look} /></main>`;
  if (!me) return html`<main class="narrow"><p class="quiet">${tr('One moment…')}</p></main>`;
  if (!me.person) return html`<${Unlock} me=${me} onOpen=${look} />`;

  const Page = PAGES[route.name] ?? Home;
  return html`<${Page} key=${`${route.name}/${route.words[0] ?? ''}`} words=${route.words}
    shared=${{ me, status, refresh, look }} />`;
}

recallPreferences();
render(html`<${App} /><${Toasts} />`, document.getElementById('app'));
