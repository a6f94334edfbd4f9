import type { CodegenConfig } from '@graphql-codegen/cli';

const core = (file: string, name: string): string => `../core/${file}.ts#${name}`;
/** A core type that has the name of the GraphQL type it stands behind. */
const mapped = (file: string, name: string): string => core(file, `${name} as Core${name}`);
const own = (name: string): string => `./sources.ts#${name}`;

const events = [
  'SessionEvent',
  'StreamOpened',
  'MemberJoined',
  'MemberLeft',
  'MemberKicked',
  'MessageAdded',
  'MessagesCleared',
  'ReplyDelta',
  'SessionUpdated',
  'SessionRenewed',
  'SessionExpiring',
  'SessionExpired',
  'SessionEnded',
];

const config: CodegenConfig = {
  schema: 'schema/*.graphql',
  generates: {
    'src/graphql/generated.ts': {
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: './context.ts#RequestContext',
        useTypeImports: true,
        enumsAsTypes: true,
        immutableTypes: true,
        strictScalars: true,
        defaultScalarType: 'unknown',
        scalars: {
          ID: { input: 'string', output: 'string' },
          // Epoch milliseconds inside; the scalar writes them as RFC 3339.
          DateTime: { input: 'never', output: 'number' },
          JSONObject: core('session', 'JsonObject'),
        },
        mappers: {
          Backend: mapped('backend', 'Backend'),
          Agent: mapped('backend', 'Agent'),
          BackendHealth: mapped('backend', 'BackendHealth'),
          Session: mapped('session', 'Session'),
          Rules: own('RulesSource'),
          Member: mapped('member', 'Member'),
          Message: mapped('message', 'Message'),
          Viewer: core('viewer', 'Caller'),
          Problem: mapped('problem', 'Problem'),
          Credentials: mapped('use-cases', 'Credentials'),
          SessionAdmission: core('use-cases', 'Admission'),
          SessionChange: core('use-cases', 'Change'),
          MemberRemoval: core('use-cases', 'Removal'),
          Suggestion: own('SuggestionSource'),
          MessageDelivery: core('use-cases', 'Delivery'),
          ...Object.fromEntries(['Session', 'Member', 'Message', 'Suggestion'].map((type) => [`${type}Connection`, own(`${type}Page`)])),
          ...Object.fromEntries(events.map((type) => [type, core('event', 'LiveEvent')])),
        },
      },
    },
  },
};

export default config;
