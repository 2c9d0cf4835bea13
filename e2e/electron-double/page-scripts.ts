/** The name of the world that preloads run in, and of the binding that reaches the main process from there. */
export const WORLD = 'electron-double';
export const BINDING = '__toMain';

/**
 * Runs in the page's own world before any of its scripts: what a preload exposes is built here from its description.
 * Functions become proxies; everything else crosses as JSON, so that nothing is shared. Both worlds see the same DOM
 * events, and only their text.
 */
export const PAGE_WORLD = `(() => {
  const listeners = new Map();
  let next = 1;
  const waiting = new Map();
  const pack = (value) => JSON.stringify(value === undefined ? null : value, (_, one) => {
    if (typeof one === 'function') { const id = next++; listeners.set(id, one); return { $page: id }; }
    if (one instanceof File) return { $file: one.name };
    if (typeof one === 'symbol' || one instanceof Node) throw new TypeError('An object could not be cloned.');
    return one;
  });
  const unpack = (text) => revive(JSON.parse(text));
  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.$preload === 'number') return proxy(value.$preload);
    for (const key of Object.keys(value)) value[key] = revive(value[key]);
    return Array.isArray(value) ? value : Object.freeze(value);
  };
  const proxy = (fn) => (...args) => {
    const call = next++;
    const result = new Promise((resolve, reject) => waiting.set(call, { resolve, reject }));
    const answer = { detail: '' };
    const now = (event) => { answer.detail = event.detail; };
    addEventListener('double:now:' + call, now, { once: true });
    dispatchEvent(new CustomEvent('double:call', { detail: JSON.stringify({ fn, call, args: pack(args) }) }));
    const { sync, value } = JSON.parse(answer.detail);
    if (!sync) return result;
    waiting.delete(call);
    return unpack(value);
  };
  window.open = (url = '') => {
    dispatchEvent(new CustomEvent('double:open', { detail: new URL(url, location.href).href }));
    return null;
  };
  addEventListener('double:expose', (event) => {
    const { name, value } = JSON.parse(event.detail);
    Object.defineProperty(window, name, { value: unpack(value), enumerable: true });
  });
  addEventListener('double:settled', (event) => {
    const { call, ok, value } = JSON.parse(event.detail);
    const one = waiting.get(call);
    waiting.delete(call);
    if (ok) one?.resolve(unpack(value)); else one?.reject(new Error(value));
  });
  addEventListener('double:listener', (event) => {
    const { id, args } = JSON.parse(event.detail);
    listeners.get(id)?.(...unpack(args));
  });
})();`;

/** Runs in the preload's world: \`electron\` as a sandboxed preload knows it, then the preload itself. */
export function preloadWorld(preload: string): string {
  return `(() => {
  if (window !== window.top) return;
  const functions = new Map();
  let next = 1;
  const waiting = new Map();
  const channels = new Map();
  const pack = (value) => JSON.stringify(value === undefined ? null : value, (_, one) => {
    if (typeof one === 'function') { const id = next++; functions.set(id, one); return { $preload: id }; }
    return one;
  });
  const unpack = (text) => revive(JSON.parse(text));
  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.$page === 'number') {
      const id = value.$page;
      return (...args) => dispatchEvent(new CustomEvent('double:listener', { detail: JSON.stringify({ id, args: pack(args) }) }));
    }
    for (const key of Object.keys(value)) if (key !== '__proto__') value[key] = revive(value[key]);
    return value;
  };
  addEventListener('double:call', (event) => {
    const { fn, call, args } = JSON.parse(event.detail);
    const now = (detail) => dispatchEvent(new CustomEvent('double:now:' + call, { detail: JSON.stringify(detail) }));
    const settled = (ok, value) => dispatchEvent(new CustomEvent('double:settled', { detail: JSON.stringify({ call, ok, value }) }));
    const result = functions.get(fn)(...unpack(args));
    if (!(result instanceof Promise)) return now({ sync: true, value: pack(result) });
    now({ sync: false });
    result.then((value) => settled(true, pack(value)), (error) => settled(false, String(error.message ?? error)));
  });
  addEventListener('double:open', (event) => {
    ${BINDING}(JSON.stringify({ open: event.detail }));
  });
  const electron = {
    contextBridge: {
      exposeInMainWorld(name, value) {
        dispatchEvent(new CustomEvent('double:expose', { detail: JSON.stringify({ name, value: pack(value) }) }));
      },
    },
    ipcRenderer: {
      invoke(channel, ...args) {
        const id = next++;
        ${BINDING}(JSON.stringify({ id, channel, args }));
        return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
      },
      on(channel, listener) {
        const all = channels.get(channel) ?? new Set();
        channels.set(channel, all.add(listener));
        return this;
      },
      off(channel, listener) {
        channels.get(channel)?.delete(listener);
        return this;
      },
    },
    // No test can make a file that lies somewhere: its name is its path here.
    webUtils: { getPathForFile: ({ $file = '' }) => $file },
  };
  globalThis.__fromMain = (message) => {
    if (message.channel !== undefined) {
      for (const listener of channels.get(message.channel) ?? []) listener({}, ...message.args);
      return;
    }
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) one?.resolve(message.value); else one?.reject(new Error(message.value));
  };
  const require = (name) => {
    if (name === 'electron') return electron;
    throw new Error('module not found: ' + name);
  };
  const module = { exports: {} };
  ((exports, require, module) => {
${preload}
  })(module.exports, require, module);
})();`;
}
