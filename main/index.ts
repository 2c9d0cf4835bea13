import { app } from 'electron';
import { claim, Desktop } from './electron/desktop.ts';

/** The desktop app. A second one shows the window of the first and ends. */
if (claim()) void new Desktop().run();
else app.quit();
