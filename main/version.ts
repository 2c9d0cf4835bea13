/** Fastband's version, the same as in package.json (a test compares them). */
export const VERSION = '0.1.0';

/** The version of the MCP SDK that is built in (a test compares it with the package). */
export const MCP_SDK_VERSION = '2.4.0';
