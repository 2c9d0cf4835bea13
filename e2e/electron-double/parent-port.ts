import { EventEmitter } from 'node:events';

/** Loaded into a utility process before its own module: Electron's port to the main process, over Node's channel. */
const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => void process.send?.(message),
});
process.on('message', (data) => parentPort.emit('message', { data, ports: [] }));
// Electron ends its utility processes with the app.
process.on('disconnect', () => process.exit(0));
Object.defineProperty(process, 'parentPort', { value: parentPort });
