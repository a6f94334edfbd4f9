/** A tab that the page starts with. */
export interface StartingTab {
  readonly query: string;
  /** JSON text. */
  readonly variables: string;
  /** JSON text. */
  readonly headers?: string;
}

const create: StartingTab = {
  query: `# 1 · CREATE
# Press play: you get a session, and a token as its host.
# Then press "Use this token" at the top: the other tabs
# know from it who you are and which session is meant.

mutation Create($input: CreateSessionInput!) {
  createSession(input: $input) {
    __typename
    ... on SessionAdmission {
      session {
        id
        title
        status
        expiresAt
      }
      member { id name role }
      credentials { token expiresAt }
    }
    ... on Problem { code title detail path }
  }
}
`,
  variables: `{
  "input": {
    "title": "Tea at four",
    "identity": { "name": "Alice" },
    "rules": {
      "maxMembers": 4,
      "timeout": { "timeoutSeconds": 3600, "autoRenew": true }
    }
  }
}
`,
};

const join: StartingTab = {
  query: `# 2 · JOIN
# Put the id of the session, which Create answered,
# into the variables and press play: Bob comes in.
#
# This tab sends no token (see Headers), or you would
# join as yourself. To act as Bob, open this page in a
# second window, which has a token of its own, join
# there and press "Use this token".

mutation Join($input: JoinSessionInput!) {
  joinSession(input: $input) {
    __typename
    ... on SessionAdmission {
      session { id title }
      member { id name role }
      credentials { token expiresAt }
    }
    ... on Problem { code title detail path }
  }
}
`,
  variables: `{
  "input": {
    "sessionId": "<the session's id>",
    "identity": { "name": "Bob" }
  }
}
`,
  headers: `{ "Authorization": null, "X-API-Key": null }
`,
};

const subscribe: StartingTab = {
  query: `# 3 · SUBSCRIBE
# Press play and leave it running: what happens in the
# session appears at the lower right, whichever tab you
# open next. To go on after a break and miss nothing,
# give the last cursor you saw as the variable "after".

subscription Subscribe($sessionId: ID, $after: String) {
  sessionEvents(sessionId: $sessionId, after: $after) {
    __typename
    cursor
    occurredAt
    ... on StreamOpened { recovered }
    ... on MemberJoined { member { id name role } }
    ... on MemberLeft { member { id name } }
    ... on MemberKicked { member { id name } by { name } reason }
    ... on MessageAdded { message { id role content author { name } } }
    ... on ReplyDelta { messageId text }
    ... on SessionUpdated { changed }
    ... on SessionRenewed { expiresAt }
    ... on SessionExpiring { secondsLeft }
    ... on SessionEnded { by { name } reason }
  }
}
`,
  variables: `{}
`,
};

const send: StartingTab = {
  query: `# 4 · SEND
# Write something into the variables and press play.

mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on MessageDelivery {
      message { id content createdAt author { name } }
    }
    ... on Problem { code title detail path }
  }
}
`,
  variables: `{
  "input": {
    "content": "Hello from GraphiQL"
  }
}
`,
};

const kick: StartingTab = {
  query: `# 5 · KICK
# For the host. Put the id of the member, which Join
# answered and Look shows, into the variables. Who is
# kicked gets one last event, and the token dies.

mutation Kick($input: KickMemberInput!) {
  kickMember(input: $input) {
    __typename
    ... on MemberRemoval {
      member { id name status }
      session { id members { nodes { name role } } }
    }
    ... on Problem { code title detail path }
  }
}
`,
  variables: `{
  "input": {
    "memberId": "<the member's id>",
    "reason": "Too loud",
    "ban": false
  }
}
`,
};

const look: StartingTab = {
  query: `# 6 · LOOK
# The session of your token: who is in it, what was said.
# Another one: session(id: "…") instead of currentSession.

query Look($lastMessages: Int = 20) {
  currentSession {
    id
    title
    status
    expiresAt
    cursor
    members { nodes { id name role online } }
    messages(last: $lastMessages) {
      nodes { id role content createdAt author { name } }
    }
  }
}
`,
  variables: `{
  "lastMessages": 20
}
`,
};

const backends: StartingTab = {
  query: `# 7 · BACKENDS
# One query over all backends: how each is, who can be
# talked to there, and the newest sessions of them all.
# A service that is down costs its own rows and one entry
# in problems. "features": true shows who does what.
#
# To create at another backend than the default, add
# "backend": "<its name>" to the input of Create; at
# QUICKSYNC that takes a wallet.

query Backends($first: Int = 20, $features: Boolean = false) {
  backends {
    name
    kind
    health { status latencyMs message }
    agents { id name }
    features @include(if: $features) { feature provider }
  }
  sessions(first: $first) {
    nodes {
      id
      title
      status
      expiresAt
      backend { name }
      members { totalCount }
    }
    problems { code detail backend { name } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  variables: `{
  "first": 20,
  "features": false
}
`,
};

const ask: StartingTab = {
  query: `# 8 · ASK
# A question to an agent, and its answer. It takes a
# session where there is an agent: in Create, add
# "backend": "<name>" of a backend that Backends shows
# with agents, play, press "Use this token", then play
# here. With Subscribe running you see the answer grow.
# Elsewhere the Problem says that nobody answers.

mutation Ask($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on MessageDelivery {
      message { id content createdAt author { name } }
      reply { id role content createdAt }
    }
    ... on Problem { code title detail path }
  }
}
`,
  variables: `{
  "input": {
    "content": "I need a session of my own.",
    "awaitReply": true
  }
}
`,
};

/** The story that the page starts with, in its order. A test holds each to the schema. */
export const startingTabs: readonly [StartingTab, ...StartingTab[]] = [create, join, subscribe, send, kick, look, backends, ask];

/** What the page asks to show whom its token stands for. */
export const identityQuery = `query Identity {
  viewer {
    kind
    name
    member { name role }
    session { title }
  }
}
`;
