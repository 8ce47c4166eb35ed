package product

// The records about functions that a learned model decides.

// AI is the rules for everything that a learned model decides.
type AI struct {
	// The process for risks of learned models: a file in the workspace or an https URL.
	Process string `yaml:"process,omitempty" json:"process,omitempty" is:"place"`
	// Who answers for it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// How risks are measured.
	Scale string `yaml:"scale,omitempty" json:"scale,omitempty"`
	// Which risks may be accepted, and by whom.
	Acceptance string `yaml:"acceptance,omitempty" json:"acceptance,omitempty"`
	// When it was looked at last.
	Reviewed Date `yaml:"reviewed,omitempty" json:"reviewed,omitzero"`
	// Where somebody reports that a model was wrong.
	Incidents string `yaml:"incidents,omitempty" json:"incidents,omitempty"`
	// What is done with such a report.
	Triage string `yaml:"triage,omitempty" json:"triage,omitempty"`
}

// AIFeature is a function decided by a learned model.
type AIFeature struct {
	// Short name.
	ID string `yaml:"id" json:"id" is:"required,id=ai-feature"`
	// Component that runs it.
	On string `yaml:"on,omitempty" json:"on,omitempty" is:"ref=component"`
	// What the model decides.
	Decides string `yaml:"decides,omitempty" json:"decides,omitempty"`
	// What it may set in motion; [none] where nothing.
	Actuates []string `yaml:"actuates,omitempty" json:"actuates,omitempty"`
	// What it must never decide.
	Forbidden []string `yaml:"forbidden,omitempty" json:"forbidden,omitempty"`
	// Does it advise, act with approval, or act alone?
	Autonomy string `yaml:"autonomy,omitempty" json:"autonomy,omitempty" is:"enum=advise|approve|autonomous"`
	// Use cases that it belongs to.
	In []string `yaml:"in,omitempty" json:"in,omitempty" is:"ref=use-case"`
	// Uses that it isn't made for.
	OutOfScope []string `yaml:"out_of_scope,omitempty" json:"out_of_scope,omitempty"`
	// Where it is known to be wrong.
	Limits string `yaml:"limits,omitempty" json:"limits,omitempty"`
	// Conditions under which it is wrong, and what follows.
	Shortcomings []Shortcoming `yaml:"shortcomings,omitempty" json:"shortcomings,omitempty"`
	// How good it is, measured on the released version.
	Measured *Measured `yaml:"measured,omitempty" json:"measured,omitempty"`
	// How a loss of quality is noticed after release.
	Watched *Watched `yaml:"watched,omitempty" json:"watched,omitempty"`
	// The model itself, and how it is renewed.
	Model *LearnedModel `yaml:"model,omitempty" json:"model,omitempty"`
	// What is done when it gets worse: retrain, restrict, withdraw.
	OnDrift string `yaml:"on_drift,omitempty" json:"on_drift,omitempty"`
	// Where such events are kept.
	DriftLog string `yaml:"drift_log,omitempty" json:"drift_log,omitempty"`
	// Attacks on the model, each with its threat or why it doesn't apply.
	Attacks []ModelAttack `yaml:"attacks,omitempty" json:"attacks,omitempty"`
	// Adversarial tests that were run.
	Attacked *Attacked `yaml:"attacked,omitempty" json:"attacked,omitempty"`
	// What stands between the output of the model and anything that moves.
	Control string `yaml:"control,omitempty" json:"control,omitempty"`
	// What people can learn on why it decided so.
	Explained *Explained `yaml:"explained,omitempty" json:"explained,omitempty"`
	// What is logged of a decision.
	Logged *DecisionLog `yaml:"logged,omitempty" json:"logged,omitempty"`
	// A law or duty that asks for reasons; none where there isn't one.
	Duty string `yaml:"duty,omitempty" json:"duty,omitempty"`
	// What is done where the model can't give them.
	DutyMeasure string `yaml:"duty_measure,omitempty" json:"duty_measure,omitempty"`
	// Who accepted that.
	DutyAccepted string `yaml:"duty_accepted,omitempty" json:"duty_accepted,omitempty"`
	// What happens without it.
	Fallback string `yaml:"fallback,omitempty" json:"fallback,omitempty"`
	// When it falls back, how, and what is safe then.
	Failure *ModelFailure `yaml:"failure,omitempty" json:"failure,omitempty"`
	// How the fallback was tested, on which release.
	FallbackTested *Validation `yaml:"fallback_tested,omitempty" json:"fallback_tested,omitempty"`
	// What is left when the service behind it ends.
	WithoutCloud string `yaml:"without_cloud,omitempty" json:"without_cloud,omitempty"`
	// The worst effect of a wrong decision.
	Worst string `yaml:"worst,omitempty" json:"worst,omitempty"`
	// Who or what is hit by it.
	Hits string `yaml:"hits,omitempty" json:"hits,omitempty"`
	// What limits it.
	Bound string `yaml:"bound,omitempty" json:"bound,omitempty"`
	// Threats behind it, as `assay threats` prints them.
	Risks []string `yaml:"risks,omitempty" json:"risks,omitempty"`
	// How a person overrules it.
	Override string `yaml:"override,omitempty" json:"override,omitempty"`
	// Who watches and stops it, and in which time.
	Oversight []Oversight `yaml:"oversight,omitempty" json:"oversight,omitempty"`
	// What whoever watches it is given: a guide, a training.
	Guide string `yaml:"guide,omitempty" json:"guide,omitempty"`
	// Which decisions a person looks at.
	Review string `yaml:"review,omitempty" json:"review,omitempty" is:"enum=before|after|sample|none"`
	// Why that is enough.
	ReviewWhy string `yaml:"review_why,omitempty" json:"review_why,omitempty"`
	// Where the reviews are kept.
	ReviewRecord string `yaml:"review_record,omitempty" json:"review_record,omitempty"`
	// Data that it was trained, validated and tested with.
	Datasets []Dataset `yaml:"datasets,omitempty" json:"datasets,omitempty"`
	// Data of the product that it works on.
	Data []string `yaml:"data,omitempty" json:"data,omitempty" is:"ref=data"`
	// Is data of customers used to train further models?
	Retrains *bool `yaml:"retrains,omitempty" json:"retrains,omitempty"`
	// How a customer refuses.
	OptOut string `yaml:"opt_out,omitempty" json:"opt_out,omitempty"`
}

// Shortcoming is a condition under which a model is wrong.
type Shortcoming struct {
	// Condition.
	Condition string `yaml:"condition" json:"condition" is:"required"`
	// What follows.
	Effect string `yaml:"effect,omitempty" json:"effect,omitempty"`
	// Is it told to customers?
	Told *bool `yaml:"told,omitempty" json:"told,omitempty"`
}

// Measured is how good a model is.
type Measured struct {
	// What is measured.
	Metric string `yaml:"metric,omitempty" json:"metric,omitempty"`
	// With which data.
	Dataset string `yaml:"dataset,omitempty" json:"dataset,omitempty"`
	// Release that was measured, in quotes.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
}

// Watched is how a loss of quality is noticed.
type Watched struct {
	// What is watched.
	Metric string `yaml:"metric,omitempty" json:"metric,omitempty"`
	// From where something is done.
	Threshold string `yaml:"threshold,omitempty" json:"threshold,omitempty"`
	// How often.
	Every Duration `yaml:"every,omitempty" json:"every,omitzero"`
	// Who.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Why it can't be watched, where it can't.
	WhyNot string `yaml:"why_not,omitempty" json:"why_not,omitempty"`
}

// LearnedModel is a model and how it is renewed.
type LearnedModel struct {
	// Where it comes from.
	Origin string `yaml:"origin,omitempty" json:"origin,omitempty"`
	// Its SHA-256, or where that stands.
	Hash string `yaml:"hash,omitempty" json:"hash,omitempty"`
	// Version, in quotes.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
	// How an update of it is signed.
	Signed string `yaml:"signed,omitempty" json:"signed,omitempty"`
	// How one goes back.
	Rollback string `yaml:"rollback,omitempty" json:"rollback,omitempty"`
}

// ModelAttack is a kind of attack on a model.
type ModelAttack struct {
	// Kind.
	Kind string `yaml:"kind" json:"kind" is:"required,enum=poisoning|evasion|theft|inversion|drift|prompt-injection"`
	// The threat, as `assay threats` prints it: an id or a rule; or an id of misuse.
	Threat string `yaml:"threat,omitempty" json:"threat,omitempty"`
	// Why it doesn't apply.
	Na string `yaml:"na,omitempty" json:"na,omitempty"`
}

// Attacked is an adversarial test.
type Attacked struct {
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
	// What came out.
	Finding string `yaml:"finding,omitempty" json:"finding,omitempty"`
	// What was changed, or that nothing was.
	Decision string `yaml:"decision,omitempty" json:"decision,omitempty"`
}

// Explained is what people can learn on why a model decided so.
type Explained struct {
	// Kind of explanation.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty"`
	// For whom.
	Audience string `yaml:"audience,omitempty" json:"audience,omitempty"`
	// Where it stands.
	Where string `yaml:"where,omitempty" json:"where,omitempty"`
}

// DecisionLog is what is logged of a decision.
type DecisionLog struct {
	// What is logged.
	Fields []string `yaml:"fields,omitempty" json:"fields,omitempty"`
	// How long it is kept.
	RetentionDays int `yaml:"retention_days,omitempty" json:"retention_days,omitempty"`
	// How personal data in it is handled.
	Personal string `yaml:"personal,omitempty" json:"personal,omitempty"`
}

// ModelFailure is when a function falls back.
type ModelFailure struct {
	// When.
	Trigger string `yaml:"trigger,omitempty" json:"trigger,omitempty"`
	// How it works then.
	Mode string `yaml:"mode,omitempty" json:"mode,omitempty"`
	// What is safe about it.
	SafeState string `yaml:"safe_state,omitempty" json:"safe_state,omitempty"`
}

// Oversight is who watches a function and can stop it.
type Oversight struct {
	// Who.
	Role string `yaml:"role" json:"role" is:"required"`
	// By what.
	Control string `yaml:"control,omitempty" json:"control,omitempty"`
	// Within how many seconds it works.
	Seconds int `yaml:"seconds,omitempty" json:"seconds,omitempty"`
}

// Dataset is data that a model was made with.
type Dataset struct {
	// Name.
	Name string `yaml:"name" json:"name" is:"required"`
	// What for.
	Use string `yaml:"use,omitempty" json:"use,omitempty" is:"enum=training|validation|test"`
	// Where it comes from.
	Origin string `yaml:"origin,omitempty" json:"origin,omitempty"`
	// By which right it is used.
	Rights string `yaml:"rights,omitempty" json:"rights,omitempty"`
	// Time that it covers.
	Span string `yaml:"span,omitempty" json:"span,omitempty"`
	// What it lacks.
	Gaps string `yaml:"gaps,omitempty" json:"gaps,omitempty"`
	// Its SHA-256, or where that stands.
	Hash string `yaml:"hash,omitempty" json:"hash,omitempty"`
}
