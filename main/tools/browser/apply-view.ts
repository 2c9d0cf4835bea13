import { DEFAULT_VIEWPORT, type OpenPage } from './open-page.ts';
import type { View } from './view.ts';

/** Gives a page the screen and theme that a call wants; a device's own screen stays as it is. */
export async function applyView(open: OpenPage, view: View, isNew: boolean): Promise<void> {
  if (view.viewport !== undefined) await open.page.setViewportSize(view.viewport);
  else if (isNew && view.device === undefined && open.page.viewportSize()?.width !== DEFAULT_VIEWPORT.width)
    await open.page.setViewportSize(DEFAULT_VIEWPORT);
  if (view.theme !== undefined) await open.page.emulateMedia({ colorScheme: view.theme });
}
