import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the panel (`renderer/`) into `dist/renderer`. Tests have their own `vitest.config.ts`. */
export default defineConfig({
  root: resolve(import.meta.dirname, 'renderer'),
  // Relative, so that the same build is served over HTTP and by the desktop's own protocol.
  base: './',
  plugins: [react()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/renderer'),
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy has no place for inline scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      // The approval window is a page of its own, without the other pages' code.
      input: ['index.html', 'approval.html'].map((file) => resolve(import.meta.dirname, 'renderer', file)),
    },
  },
});
