/**
 * A stand-in for the `electron` module, for tests: real Node, real Chromium, real pages in isolated worlds. What it
 * offers is typed against Electron's own declarations. What it does not offer is not there, and fails where it is used.
 */
import { app } from './app.ts';
import { answerControl } from './control.ts';
import { ipcMain } from './ipc.ts';
import { shell } from './parts.ts';

// biome-ignore-start lint/performance/noBarrelFile: it stands in for a module that is one
export { app } from './app.ts';
export { ipcMain } from './ipc.ts';
export { autoUpdater, net } from './net.ts';
export {
  clipboard,
  dialog,
  Menu,
  MenuItem,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  screen,
  shell,
  Tray,
} from './parts.ts';
export { protocol, session } from './session.ts';
export { UtilityProcess as utilityProcess } from './utility.ts';
export { BrowserWindow } from './window.ts';

// biome-ignore-end lint/performance/noBarrelFile: as above

// Where a package keeps what lies beside the app.
const { DOUBLE_RESOURCES } = process.env;
if (DOUBLE_RESOURCES !== undefined)
  Object.defineProperty(process, 'resourcesPath', { value: DOUBLE_RESOURCES });

answerControl();

// CommonJS packages, and those that ask for the module as a whole.
// biome-ignore lint/style/noDefaultExport: as above
export default { app, ipcMain, shell };
