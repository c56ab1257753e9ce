// request.mjs: asking the program behind the page. Every failure becomes a Trouble with a sentence
// for people: what the program said, or that it does not answer. Nothing is kept by the browser.
import { languageNow, tr } from './words.mjs';

export class Trouble extends Error {
  constructor(status, code, message, body) {
    super(message);
    this.status = status; // 0: no answer
    this.code = code; // the program's short word, such as "conflict"
    this.body = body;
  }
}

let locked = () => {};

// Called when the program says that nobody is unlocked, or logged in, any more.
export function onLocked(handler) {
  locked = handler;
}

function words(status) {
  if (status === 0) return tr('The program does not answer. What is saved is safe.');
  if (status === 404) return tr('This is not here (any more).');
  return tr('That did not work ({status}). What is saved is safe.', { status });
}

async function answer(method, path, options) {
  const headers = { Accept: 'application/json', 'Accept-Language': languageNow() };

  if (options.json !== undefined || method !== 'GET') headers['Content-Type'] = 'application/json';
  if (options.type) headers['Content-Type'] = options.type;
  try {
    return await fetch(path, {
      method, headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error',
      signal: options.signal,
      body: options.body ?? (method === 'GET' ? undefined : JSON.stringify(options.json ?? {})),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Trouble(0, 'no_answer', words(0));
  }
}

export async function request(method, path, options = {}) {
  const response = await answer(method, path, options);
  const isJson = (response.headers.get('Content-Type') ?? '').startsWith('application/json');
  let body = null;

  if (response.ok && options.blob) return response.blob();
  if (isJson) {
    try {
      body = await response.json();
    } catch {
      throw new Trouble(0, 'no_answer', words(0)); // cut off in the middle
    }
  }
  if (response.ok) return body;
  if (response.status === 401 && ['locked', 'login'].includes(body?.error)) locked();
  throw new Trouble(response.status, body?.error ?? '', body?.message || words(response.status),
    body);
}

export const get = (path, options) => request('GET', path, options);
export const post = (path, json, options) => request('POST', path, { ...options, json });
