import type { JsonSchema } from './json-schema.ts';

/** An OpenAPI document (version 3.1), as far as ours goes. */
export type Document = {
  openapi: string;
  info: { title: string; version: string; description: string; license: object };
  servers: { url: string }[];
  security: Requirement[];
  tags: { name: string }[];
  paths: Record<string, Partial<Record<Method, Operation>>>;
  components: {
    securitySchemes: Record<string, { type: string; description: string }>;
    responses: Record<string, Response>;
    schemas: Record<string, JsonSchema>;
  };
  /** What may be asked of members, and the roles that may. */
  'x-rights': Record<string, readonly string[]>;
  /** What errors are called, and the status that each is answered with. */
  'x-error-codes': Record<string, number>;
};

export type Method = 'get' | 'post' | 'put' | 'delete';
/** Ways of signing in, each with the roles that it takes. */
export type Requirement = Record<string, string[]>;

export type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security?: Requirement[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Response | { $ref: string }>;
  /** The events of a stream, by what they are called. */
  'x-events'?: Record<string, JsonSchema>;
  /** The messages of a WebSocket, by who sends them, and what the texts in them are. */
  'x-messages'?: { fromClient: JsonSchema; fromPlatform: JsonSchema; nested: JsonSchema };
};

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
};

type Content = Record<string, { schema: JsonSchema }>;
export type Response = { description: string; content?: Content };

/** The ways of signing in. */
export const SECURITY = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token and its secret, joined by a dot: `Bearer TOKEN.SECRET`.',
  },
  oauth: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description:
      'OAuth 1.0 PLAINTEXT, as the `clever` command line sends it: `OAuth oauth_consumer_key="…", oauth_token="TOKEN", oauth_signature="…%26SECRET"`.',
  },
  basic: {
    type: 'http',
    scheme: 'basic',
    description: 'The token as user name, its secret as password; for git too.',
  },
} as const;
