package cases

import (
	"slices"
	"testing"
)

// Every command × every role, spelled out: a new command fails here until
// somebody has said who may give it.
func TestPermit(t *testing.T) {
	may := map[Command][]Role{
		CmdReadCases: {RoleAuditor, RoleAnalyst, RoleApprover, RoleAdmin}, CmdReadRaw: {RoleAuditor, RoleAnalyst, RoleApprover, RoleAdmin},
		CmdReadOperations: {RoleAuditor, RoleAnalyst, RoleApprover, RoleAdmin}, CmdReadEvents: {RoleAuditor, RoleAnalyst, RoleApprover, RoleAdmin},
		CmdRevealReporter: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdFileReport: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdCorrectReport: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdClaimCase: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdReleaseCase: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdNoteCase: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdAskReporter: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdResolveCase: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdVerifyRequester: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdAnswerTraceback: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdReopenCase: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdMergeCase: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdUnmergeCase: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdProposeRestrict: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdLiftRestrict: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdResolveSending: {RoleAnalyst, RoleApprover, RoleAdmin},
		CmdRetryJob: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdApproveRestrict: {RoleApprover, RoleAdmin}, CmdRejectRestrict: {RoleApprover, RoleAdmin},
		CmdIngestCalls: {RoleAdmin}, CmdAskPolicy: {RoleAdmin}, CmdImport: {RoleAdmin}, CmdManageStaff: {RoleAdmin}, CmdManageKeys: {RoleAdmin},
		CmdDecideMatch: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdReadKYC: {RoleAnalyst, RoleApprover, RoleAdmin}, CmdEditKYC: {RoleApprover, RoleAdmin}, CmdReviewRelease: {RoleApprover, RoleAdmin},
		CmdReadWebhooks: {RoleAuditor, RoleAdmin}, CmdManageWebhooks: {RoleAdmin}, CmdRedeliver: {RoleAdmin},
	}
	for _, cmd := range Commands() {
		roles, ok := may[cmd]
		if !ok {
			t.Errorf("%s: nobody has said who may", cmd)
		}
		for _, r := range []Role{RoleAuditor, RoleAnalyst, RoleApprover, RoleAdmin, RoleIntegration, "guest"} {
			got := Permit(Actor{Kind: ActorPerson, Role: r}, cmd) == nil
			if want := slices.Contains(roles, r); got != want {
				t.Errorf("%s by a person who is %s: %v, want %v", cmd, r, got, want)
			}
		}
		if Permit(Actor{}, cmd) == nil {
			t.Errorf("%s: the zero Actor may", cmd)
		}
		if got := Permit(Actor{Kind: ActorReporter}, cmd) == nil; got != (cmd == CmdFileReport) {
			t.Errorf("%s by the public: %v", cmd, got)
		}
	}
}

func TestPermitKey(t *testing.T) {
	tests := []struct {
		name   string
		role   Role
		scopes []Scope
		cmd    Command
		want   bool
	}{
		{"policy asks", RoleIntegration, []Scope{ScopePolicy}, CmdAskPolicy, true},
		{"policy reads nothing", RoleIntegration, []Scope{ScopePolicy}, CmdReadCases, false},
		{"webhooks manages webhooks", RoleIntegration, []Scope{ScopeWebhooks}, CmdManageWebhooks, true},
		{"read sees no webhooks, whose addresses may hold passwords", RoleIntegration, []Scope{ScopeRead}, CmdReadWebhooks, false},
		{"read does not decide", RoleIntegration, []Scope{ScopeRead}, CmdResolveCase, false},
		{"all is all", RoleIntegration, []Scope{ScopeAll}, CmdManageKeys, true},
		{"all of an analyst is what an analyst may", RoleAnalyst, []Scope{ScopeAll}, CmdApproveRestrict, false},
		{"an analyst's key resolves", RoleAnalyst, []Scope{ScopeCases}, CmdResolveCase, true},
		{"no scope, nothing", RoleAdmin, nil, CmdReadCases, false},
		{"an unknown scope, nothing", RoleAdmin, []Scope{"everything"}, CmdReadCases, false},
	}
	for _, tt := range tests {
		a := Actor{Kind: ActorKey, Role: tt.role, Scopes: tt.scopes}
		if got := Permit(a, tt.cmd) == nil; got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
