import { globalConfig } from 'zod/v4/core';

// Zod tries whether it may make functions out of text. The pages' policy forbids it, and would report each try.
globalConfig.jitless = true;
