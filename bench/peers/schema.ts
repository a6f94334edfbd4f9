/** The shapes of Parley's contract that the bench asks for. Dates are kept as text, which costs a peer nothing to serialize. */
export const typeDefs = `
  scalar DateTime
  enum SessionStatus { ACTIVE EXPIRED ENDED }
  enum SessionVisibility { PUBLIC PRIVATE TEMPORARY }
  enum MemberRole { HOST MEMBER AGENT OBSERVER }
  enum MemberStatus { ACTIVE LEFT KICKED }
  enum MessageRole { USER ASSISTANT SYSTEM TOOL }

  interface Node { id: ID! }
  type Session implements Node {
    id: ID!
    title: String
    description: String
    visibility: SessionVisibility!
    status: SessionStatus!
    createdAt: DateTime!
    expiresAt: DateTime
    rules: Rules!
    members(first: Int, after: String): MemberConnection!
  }
  type Rules { maxMembers: Int passwordProtected: Boolean! }
  type PageInfo { hasNextPage: Boolean! }
  type MemberConnection { nodes: [Member!]! pageInfo: PageInfo! }
  type Member implements Node {
    id: ID!
    name: String!
    role: MemberRole!
    status: MemberStatus!
    joinedAt: DateTime!
  }
  type Message implements Node {
    id: ID!
    role: MessageRole!
    content: String!
    channel: String
    createdAt: DateTime!
    author: Member
  }

  interface SessionEvent { cursor: String! occurredAt: DateTime! }
  type StreamOpened implements SessionEvent { cursor: String! occurredAt: DateTime! recovered: Boolean! }
  type MessageAdded implements SessionEvent { cursor: String! occurredAt: DateTime! message: Message! }

  type Query { session(id: ID!): Session }
  type Subscription { sessionEvents(sessionId: ID!): SessionEvent! }
`;
