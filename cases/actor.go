package cases

import (
	"slices"
	"time"
)

// ActorKind says what sort of thing acts.
type ActorKind string

const (
	ActorPerson   ActorKind = "person"   // a member of staff, signed in
	ActorKey      ActorKind = "key"      // an API key; Person is the member of staff behind it
	ActorRule     ActorKind = "rule"     // a rule that analysts wrote
	ActorSystem   ActorKind = "system"   // abusedesk itself: workers, schedules
	ActorReporter ActorKind = "reporter" // the public, through a door or a status link
)

// Role is what a member of staff may do at most.
type Role string

const (
	RoleAnalyst     Role = "analyst"     // triages, decides, proposes
	RoleApprover    Role = "approver"    // an analyst who may also be the second person
	RoleAdmin       Role = "admin"       // an approver who also manages people, keys and the system
	RoleAuditor     Role = "auditor"     // reads all, changes nothing
	RoleIntegration Role = "integration" // a key: only what its scopes say
)

// Scope is what an API key may do. ScopeAll is everything its owner's role may.
type Scope string

const (
	ScopeAll     Scope = "all"
	ScopeRead    Scope = "read"    // cases, reports, accounts, numbers, restrictions, events
	ScopeReports Scope = "reports" // file reports without proof of work
	ScopeCases   Scope = "cases"   // decide on cases, propose and lift restrictions
	ScopeCalls   Scope = "calls"   // send call records
	ScopePolicy  Scope = "policy"  // ask the policy endpoint
	// ScopeWebhooks is to manage who else is told.
	ScopeWebhooks Scope = "webhooks"
)

// Scopes lists the scopes that exist.
func Scopes() []Scope {
	return []Scope{ScopeAll, ScopeRead, ScopeReports, ScopeCases, ScopeCalls, ScopePolicy, ScopeWebhooks}
}

// Actor is who gives a command. Every command carries one.
type Actor struct {
	Kind ActorKind
	ID   string // stable: staff id, key id, rule name; "" for a reporter
	Name string // for the timeline
	Role Role
	// Person is the staff id of the human behind the command, so that nobody
	// is their own second person through an API key. Empty for rules, the
	// system and reporters.
	Person string
	Scopes []Scope // for keys
}

// System is abusedesk itself, acting in the named part.
func System(part string) Actor { return Actor{Kind: ActorSystem, ID: part, Name: part} }

// Command is something that can be done or read; the unit of permission.
type Command string

const (
	CmdReadCases       Command = "case.read"
	CmdReadRaw         Command = "report.raw"      // the raw message, with personal data
	CmdRevealReporter  Command = "reporter.reveal" // a reporter's contact data
	CmdFileReport      Command = "report.file"
	CmdCorrectReport   Command = "report.correct"
	CmdClaimCase       Command = "case.claim"
	CmdReleaseCase     Command = "case.release"
	CmdNoteCase        Command = "case.note"
	CmdAskReporter     Command = "case.ask" // write to a reporter
	CmdResolveCase     Command = "case.resolve"
	CmdReopenCase      Command = "case.reopen"
	CmdVerifyRequester Command = "requester.verify" // say who asks for a traceback, or refuse him
	CmdAnswerTraceback Command = "traceback.answer"
	CmdReviewRelease   Command = "traceback.review" // record a legal review: data beyond the traceback fields may be handed out
	CmdMergeCase       Command = "case.merge"
	CmdUnmergeCase     Command = "case.unmerge"
	CmdProposeRestrict Command = "restriction.propose"
	CmdApproveRestrict Command = "restriction.approve"
	CmdRejectRestrict  Command = "restriction.reject"
	CmdLiftRestrict    Command = "restriction.lift"
	CmdResolveSending  Command = "sending.resolve"
	CmdRetryJob        Command = "job.retry"
	CmdReadOperations  Command = "operations.read"
	CmdReadEvents      Command = "event.read"
	CmdIngestCalls     Command = "calls.ingest"
	CmdAskPolicy       Command = "policy.ask"
	CmdImport          Command = "carrier.import"
	CmdDecideMatch     Command = "account.match" // say whether a customer is one who was cut off
	CmdReadKYC         Command = "kyc.read"      // who a customer is, with personal data
	CmdEditKYC         Command = "kyc.edit"
	CmdManageStaff     Command = "staff.manage"
	CmdManageKeys      Command = "key.manage"
	CmdReadWebhooks    Command = "webhook.read"
	CmdManageWebhooks  Command = "webhook.manage"
	CmdRedeliver       Command = "webhook.redeliver"
)

// Commands lists every command, for the table test of permissions.
func Commands() []Command {
	return []Command{CmdReadCases, CmdReadRaw, CmdRevealReporter, CmdFileReport, CmdCorrectReport, CmdClaimCase, CmdReleaseCase, CmdNoteCase,
		CmdAskReporter, CmdResolveCase, CmdReopenCase, CmdVerifyRequester, CmdAnswerTraceback, CmdReviewRelease, CmdMergeCase, CmdUnmergeCase, CmdProposeRestrict,
		CmdApproveRestrict, CmdRejectRestrict, CmdLiftRestrict, CmdResolveSending, CmdRetryJob, CmdReadOperations, CmdReadEvents, CmdIngestCalls, CmdAskPolicy,
		CmdImport, CmdDecideMatch, CmdReadKYC, CmdEditKYC, CmdManageStaff, CmdManageKeys, CmdReadWebhooks, CmdManageWebhooks, CmdRedeliver}
}

var (
	auditorCommands = []Command{CmdReadCases, CmdReadRaw, CmdReadOperations, CmdReadEvents}
	analystCommands = append([]Command{CmdRevealReporter, CmdFileReport, CmdCorrectReport, CmdClaimCase, CmdReleaseCase, CmdNoteCase, CmdAskReporter, CmdResolveCase,
		CmdReopenCase, CmdVerifyRequester, CmdAnswerTraceback, CmdMergeCase, CmdUnmergeCase, CmdProposeRestrict, CmdLiftRestrict, CmdResolveSending, CmdRetryJob, CmdDecideMatch, CmdReadKYC}, auditorCommands...)
	approverCommands = append([]Command{CmdApproveRestrict, CmdRejectRestrict, CmdEditKYC, CmdReviewRelease}, analystCommands...)

	roleCommands = map[Role][]Command{
		RoleAuditor:  append([]Command{CmdReadWebhooks}, auditorCommands...), // addresses of webhooks may hold passwords
		RoleAnalyst:  analystCommands,
		RoleApprover: approverCommands,
		RoleAdmin:    Commands(),
	}
	scopeCommands = map[Scope][]Command{
		ScopeAll:     Commands(),
		ScopeRead:    {CmdReadCases, CmdReadEvents, CmdReadOperations},
		ScopeReports: {CmdFileReport},
		ScopeCases: {CmdReadCases, CmdFileReport, CmdCorrectReport, CmdClaimCase, CmdReleaseCase, CmdNoteCase, CmdAskReporter, CmdResolveCase, CmdReopenCase,
			CmdVerifyRequester, CmdAnswerTraceback, CmdMergeCase, CmdUnmergeCase, CmdProposeRestrict, CmdApproveRestrict, CmdRejectRestrict, CmdLiftRestrict, CmdDecideMatch},
		ScopeCalls:    {CmdIngestCalls},
		ScopePolicy:   {CmdAskPolicy},
		ScopeWebhooks: {CmdReadWebhooks, CmdManageWebhooks, CmdRedeliver},
	}
)

// Permit is the one permission function: nil when the actor may give the
// command, ErrForbidden with the reason otherwise. What it does not know it
// refuses. A key is bounded by its scopes and, where a person stands behind
// it, by that person's role too.
func Permit(a Actor, cmd Command) error {
	switch a.Kind {
	case ActorSystem:
		return nil
	case ActorReporter:
		if cmd == CmdFileReport {
			return nil
		}
	case ActorPerson:
		if slices.Contains(roleCommands[a.Role], cmd) {
			return nil
		}
		return Forbidden("the role " + string(a.Role) + " does not allow " + string(cmd))
	case ActorKey:
		for _, s := range a.Scopes {
			if !slices.Contains(scopeCommands[s], cmd) {
				continue
			}
			if a.Role != RoleIntegration && !slices.Contains(roleCommands[a.Role], cmd) {
				return Forbidden("the owner of this key, " + string(a.Role) + ", may not " + string(cmd))
			}
			return nil
		}
		return Forbidden("this key has no scope that allows " + string(cmd))
	case ActorRule:
		if cmd == CmdProposeRestrict || cmd == CmdNoteCase {
			return nil
		}
	}
	return Forbidden(string(a.Kind) + " may not " + string(cmd))
}

// Person is a member of staff.
type Person struct {
	ID           string `gorm:"primaryKey"`
	Email        string // lower case, unique
	Name         string
	Role         Role
	PasswordHash string // argon2id in PHC form
	TimeZone     string // IANA; "" is UTC
	CreatedAt    time.Time
	DisabledAt   *time.Time
}

// Actor returns the person as the giver of commands.
func (p Person) Actor() Actor {
	return Actor{Kind: ActorPerson, ID: p.ID, Name: p.Name, Role: p.Role, Person: p.ID}
}

// APIKey is a key to the API. Only a digest of its secret is kept.
type APIKey struct {
	ID         string `gorm:"primaryKey"`
	Name       string
	Prefix     string  // the recognisable start of the key, shown in lists
	Digest     string  // hex SHA-256 of the whole key: it has 256 random bits, so a slow hash would add nothing
	Scopes     []Scope `gorm:"serializer:json"`
	OwnerID    string  // staff id; "" for an integration made on the command line
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	LastUsedAt *time.Time
}
