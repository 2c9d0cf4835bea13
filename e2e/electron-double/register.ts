import { registerHooks } from 'node:module';

/** `node --import …/register.ts dist/main.js`: whoever asks for `electron` gets the double. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'electron') return next(specifier, context);
    return { url: new URL('./electron.ts', import.meta.url).href, shortCircuit: true };
  },
});
