/** What is used of Playwright's list of browsers. It has no types of its own, so the package is pinned exactly. */
declare module 'playwright-core/lib/coreBundle' {
  interface Executable {
    /** Where Playwright itself would put it. Its last part names the browser and its revision. */
    readonly directory?: string;
    readonly browserVersion?: string;
    /** Empty where there is no build for this system. */
    readonly downloadURLs?: readonly string[];
    executablePath(): string | undefined;
  }
  const core: {
    readonly registry: { readonly registry: { findExecutable(name: string): Executable | undefined } };
    readonly utils: { extractZip(file: string, options: { dir: string }): Promise<void> };
  };
  export = core;
}
