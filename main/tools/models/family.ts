import type { ToolFamily, ToolServices } from '../services.ts';
import { analyzeImage } from './analyze-image.ts';
import { askModel } from './ask-model.ts';
import { listModels } from './list-models.ts';

/** AI models of Anthropic, OpenAI and Google, or of servers that speak as they do. */
export function modelTools(services: ToolServices): ToolFamily {
  return { tools: [askModel(services), analyzeImage(services), listModels(services)] };
}
