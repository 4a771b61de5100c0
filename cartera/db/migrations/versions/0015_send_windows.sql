-- the stretch of time that the contact rules allowed when the contact was planned: before it nobody reserves the contact,
-- after it neither, until the next plan has asked again. Null: planned before there were rules
alter table ops.contacts add column send_from timestamptz, add column send_until timestamptz;
alter table ops.contacts add constraint contacts_window check (send_from < send_until);
