package product

// The records of IR 8259 activities 6 to 8: what happens after the sale, and
// how customers learn of it.

// Aftercare is support after the product is sold, until its end of life (IR 8259 activity 6).
type Aftercare struct {
	// How reports and questions are answered.
	Reports *Reports `yaml:"reports,omitempty" json:"reports,omitempty"`
	// How fast vulnerabilities are fixed, by severity.
	Fixes []Fix `yaml:"fixes,omitempty" json:"fixes,omitempty"`
	// Who watches which component for news.
	Monitoring []Monitoring `yaml:"monitoring,omitempty" json:"monitoring,omitempty"`
	// State of each release, as customers are told.
	Releases []Release `yaml:"releases,omitempty" json:"releases,omitempty"`
	// Percent of the units in use that run the current release.
	CurrentShare int `yaml:"current_share,omitempty" json:"current_share,omitempty"`
	// When that was counted.
	FleetSeen Date `yaml:"fleet_seen,omitempty" json:"fleet_seen,omitzero"`
	// When the risks are looked at again.
	Reassessment *Reassessment `yaml:"reassessment,omitempty" json:"reassessment,omitempty"`
	// What customers were told, and when.
	Notices []Notice `yaml:"notices,omitempty" json:"notices,omitempty"`
	// How customers learn that the end of support is moved.
	ChangeNotice string `yaml:"change_notice,omitempty" json:"change_notice,omitempty"`
	// What happens when something happens.
	Incident *Incident `yaml:"incident,omitempty" json:"incident,omitempty"`
	// How the product ends.
	End *EndOfLife `yaml:"end,omitempty" json:"end,omitempty"`
	// How the product is repaired.
	Repair *Repair `yaml:"repair,omitempty" json:"repair,omitempty"`
}

// Reports is how reports and questions are answered.
type Reports struct {
	// Days until a report is acknowledged.
	AcknowledgeDays int `yaml:"acknowledge_days,omitempty" json:"acknowledge_days,omitempty"`
	// Days between two reports on its state.
	UpdateDays int `yaml:"update_days,omitempty" json:"update_days,omitempty"`
	// Days until a question is answered.
	AnswerDays int `yaml:"answer_days,omitempty" json:"answer_days,omitempty"`
	// Where they are kept, with times and outcome.
	Kept string `yaml:"kept,omitempty" json:"kept,omitempty"`
	// When they were looked through last.
	Reviewed Date `yaml:"reviewed,omitempty" json:"reviewed,omitzero"`
	// Are reports taken after support ends, and what is done with them?
	AfterSupport string `yaml:"after_support,omitempty" json:"after_support,omitempty"`
	// And after the end of life?
	AfterEnd string `yaml:"after_end,omitempty" json:"after_end,omitempty"`
}

// Fix is how fast vulnerabilities of one severity are fixed.
type Fix struct {
	// Severity.
	Severity string `yaml:"severity" json:"severity" is:"required,enum=critical|high|medium|low"`
	// Days from knowing it to an update.
	Days int `yaml:"days,omitempty" json:"days,omitempty"`
	// Days that it took in truth, over the last year.
	AchievedDays int `yaml:"achieved_days,omitempty" json:"achieved_days,omitempty"`
	// When an update is issued for it.
	Circumstances string `yaml:"circumstances,omitempty" json:"circumstances,omitempty"`
}

// Monitoring is who watches a component for news.
type Monitoring struct {
	// Component.
	Component string `yaml:"component" json:"component" is:"required,ref=component"`
	// Source of news.
	Source string `yaml:"source" json:"source" is:"required"`
	// How often, such as 24h.
	Every Duration `yaml:"every,omitempty" json:"every,omitzero"`
	// Who.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Does it run and warn by itself?
	Automatic *bool `yaml:"automatic,omitempty" json:"automatic,omitempty"`
	// Why not.
	ManualWhy string `yaml:"manual_why,omitempty" json:"manual_why,omitempty"`
	// When it was done last.
	Last Date `yaml:"last,omitempty" json:"last,omitzero"`
}

// Release is the state of one release, as customers are told.
type Release struct {
	// Release, in quotes.
	Version string `yaml:"version" json:"version" is:"required"`
	// State.
	State string `yaml:"state" json:"state" is:"required,enum=sold|supported|security-only|ended"`
	// Since when.
	From Date `yaml:"from,omitempty" json:"from,omitzero"`
	// Until when.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
	// Where customers read it.
	Published string `yaml:"published,omitempty" json:"published,omitempty" is:"place"`
}

// Reassessment is when the risks are looked at again.
type Reassessment struct {
	// What starts it: a new threat, use, component, law.
	Triggers []string `yaml:"triggers,omitempty" json:"triggers,omitempty"`
	// How often at least.
	Every Duration `yaml:"every,omitempty" json:"every,omitzero"`
	// When it was done last.
	Last Date `yaml:"last,omitempty" json:"last,omitzero"`
	// Who does it.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// What was found.
	Log []Reassessed `yaml:"log,omitempty" json:"log,omitempty"`
}

// Reassessed is one look at the risks.
type Reassessed struct {
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero" is:"key"`
	// What started it.
	Trigger string `yaml:"trigger" json:"trigger" is:"key,required"`
	// Threats that changed.
	Risks []string `yaml:"risks,omitempty" json:"risks,omitempty"`
	// Which capability was changed, or that none was.
	Changed string `yaml:"changed,omitempty" json:"changed,omitempty"`
}

// Notice is something that customers were told.
type Notice struct {
	// When.
	On Date `yaml:"on,omitempty" json:"on,omitzero" is:"key"`
	// What happened.
	Event string `yaml:"event" json:"event" is:"key,required,enum=vulnerability|breach|support|update|maintenance|other"`
	// To let them know, or to make them do something.
	Purpose string `yaml:"purpose,omitempty" json:"purpose,omitempty" is:"enum=disclosure|action"`
	// What they were told.
	Text string `yaml:"text,omitempty" json:"text,omitempty"`
}

// Incident is what happens when something happens.
type Incident struct {
	// Who leads.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// What is done, in order.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
	// Whom to tell, by market.
	Authorities []Authority `yaml:"authorities,omitempty" json:"authorities,omitempty"`
	// When it was exercised or used last.
	Exercised Date `yaml:"exercised,omitempty" json:"exercised,omitzero"`
	// What is done when a supplier or a part is compromised.
	Supply string `yaml:"supply,omitempty" json:"supply,omitempty"`
}

// Authority is whom to tell of an incident.
type Authority struct {
	// Market.
	Market string `yaml:"market" json:"market" is:"required,market"`
	// Authority.
	Authority string `yaml:"authority" json:"authority" is:"required"`
	// Hours within which.
	Hours int `yaml:"hours,omitempty" json:"hours,omitempty"`
}

// EndOfLife is how the product ends.
type EndOfLife struct {
	// Day of the end of life.
	On Date `yaml:"on,omitempty" json:"on,omitzero"`
	// Days of notice.
	NoticeDays int `yaml:"notice_days,omitempty" json:"notice_days,omitempty"`
	// Day of the last update.
	LastUpdate Date `yaml:"last_update,omitempty" json:"last_update,omitzero"`
	// What happens, in order.
	Steps string `yaml:"steps,omitempty" json:"steps,omitempty"`
	// What happens to the service behind it.
	Cloud string `yaml:"cloud,omitempty" json:"cloud,omitempty"`
	// What happens to the data.
	Data string `yaml:"data,omitempty" json:"data,omitempty"`
	// What happens to keys and certificates.
	Keys string `yaml:"keys,omitempty" json:"keys,omitempty"`
	// What customers can take over: files, keys, documents, a community.
	HandOver string `yaml:"hand_over,omitempty" json:"hand_over,omitempty"`
	// What bridges the time between the end of support and the end of use: a module that can be replaced, working offline, files in escrow.
	Measure string `yaml:"measure,omitempty" json:"measure,omitempty"`
	// What customers are told about the risk of using it further.
	Risk string `yaml:"risk,omitempty" json:"risk,omitempty"`
	// What still works.
	Functions []FunctionAfter `yaml:"functions,omitempty" json:"functions,omitempty"`
	// What is done about units that stay in use.
	Residual []Residual `yaml:"residual,omitempty" json:"residual,omitempty"`
}

// FunctionAfter is what is left of a function.
type FunctionAfter struct {
	// Function.
	Function string `yaml:"function" json:"function" is:"required"`
	// After support ends.
	AfterSupport string `yaml:"after_support,omitempty" json:"after_support,omitempty" is:"enum=works|limited|stops"`
	// After the end of life.
	AfterEnd string `yaml:"after_end,omitempty" json:"after_end,omitempty" is:"enum=works|limited|stops"`
	// Components or dependencies that it needs.
	Needs []string `yaml:"needs,omitempty" json:"needs,omitempty"`
}

// Residual is what is done about units that stay in use after support.
type Residual struct {
	// Use case.
	UseCase string `yaml:"use_case" json:"use_case" is:"key,required,ref=use-case"`
	// What is advised.
	Option string `yaml:"option" json:"option" is:"required,enum=isolate|restrict|take-back|replace"`
	// Who does it.
	Who string `yaml:"who,omitempty" json:"who,omitempty"`
}

// Repair is how the product is repaired.
type Repair struct {
	// Which parts only work with their unit, and why.
	Pairing string `yaml:"pairing,omitempty" json:"pairing,omitempty"`
	// A mode for repair, and what it opens.
	Mode string `yaml:"mode,omitempty" json:"mode,omitempty"`
	// What happens to data during repair.
	Data string `yaml:"data,omitempty" json:"data,omitempty"`
	// How a unit is checked afterwards.
	Verify string `yaml:"verify,omitempty" json:"verify,omitempty"`
	// Who may repair it.
	By string `yaml:"by,omitempty" json:"by,omitempty"`
}

// Communication is how the maker speaks with customers (IR 8259 activity 7).
type Communication struct {
	// What is told, and what for.
	Messages []Message `yaml:"messages,omitempty" json:"messages,omitempty"`
	// Which words, and how much, for whom.
	Audiences []Audience `yaml:"audiences,omitempty" json:"audiences,omitempty"`
	// Where it is told.
	Channels []Channel `yaml:"channels,omitempty" json:"channels,omitempty"`
	// How customers reach the maker.
	Contacts []Contact `yaml:"contacts,omitempty" json:"contacts,omitempty"`
	// Where each document stands, and until when.
	Register []Published `yaml:"register,omitempty" json:"register,omitempty"`
	// How customers get the bill of materials.
	SBOMAccess string `yaml:"sbom_access,omitempty" json:"sbom_access,omitempty"`
	// Where the description of the network behaviour (MUD) stands.
	MUD string `yaml:"mud,omitempty" json:"mud,omitempty" is:"place"`
	// What is told with each update.
	ReleaseNotes []string `yaml:"release_notes,omitempty" json:"release_notes,omitempty"`
}

// Message is one kind of message.
type Message struct {
	// What is told.
	Message string `yaml:"message" json:"message" is:"required"`
	// To let them know, or to make them do something.
	Purpose string `yaml:"purpose,omitempty" json:"purpose,omitempty" is:"enum=disclosure|action"`
	// For whom.
	To []string `yaml:"to,omitempty" json:"to,omitempty" is:"ref=customer"`
}

// Audience is which words, and how much, for one kind of customer.
type Audience struct {
	// Customer.
	Customer string `yaml:"customer" json:"customer" is:"required,ref=customer"`
	// Languages.
	Languages []string `yaml:"languages,omitempty" json:"languages,omitempty"`
	// Reading level.
	Level string `yaml:"level,omitempty" json:"level,omitempty" is:"enum=plain|technical"`
	// Where words are explained.
	Glossary string `yaml:"glossary,omitempty" json:"glossary,omitempty"`
	// How much they need.
	Depth string `yaml:"depth,omitempty" json:"depth,omitempty" is:"enum=summary|steps|full"`
}

// Channel is a place where customers are told something.
type Channel struct {
	// What it is.
	Channel string `yaml:"channel" json:"channel" is:"required"`
	// Kind.
	Kind string `yaml:"kind,omitempty" json:"kind,omitempty" is:"enum=web|package|in-app|mail|machine-readable|retailer"`
	// Address or place.
	Where string `yaml:"where,omitempty" json:"where,omitempty"`
	// Until when it stands at least.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
	// How customers check that it is genuine: https, signature, hash.
	Check string `yaml:"check,omitempty" json:"check,omitempty"`
}

// Contact is how customers reach the maker.
type Contact struct {
	// What for.
	For string `yaml:"for" json:"for" is:"required,enum=security|incident|question|repair|privacy"`
	// E-mail address, page or telephone.
	Where string `yaml:"where" json:"where" is:"required"`
	// Languages.
	Languages []string `yaml:"languages,omitempty" json:"languages,omitempty"`
	// When somebody answers.
	Hours string `yaml:"hours,omitempty" json:"hours,omitempty"`
	// Components that it speaks for; empty: all.
	Covers []string `yaml:"covers,omitempty" json:"covers,omitempty" is:"ref=component"`
	// Who is asked behind it: suppliers by name.
	HandOff string `yaml:"hand_off,omitempty" json:"hand_off,omitempty"`
	// When it was tried last.
	Tested Date `yaml:"tested,omitempty" json:"tested,omitzero"`
}

// Published is where a document stands, and until when.
type Published struct {
	// Which document.
	Document string `yaml:"document" json:"document" is:"key,required"`
	// Where.
	Place string `yaml:"place" json:"place" is:"required"`
	// Who keeps it up.
	Owner string `yaml:"owner,omitempty" json:"owner,omitempty"`
	// Until when it stands at least.
	Until Date `yaml:"until,omitempty" json:"until,omitzero"`
}
