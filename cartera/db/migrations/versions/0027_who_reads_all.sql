-- Who may read this reads of all companies; whoever else has rights on views of serve, of those that it names.
create view ops.all_companies as select true as are_read;

-- Answered while a statement is planned, so that for who reads all the condition of a view is gone before the planner looks
-- at it: it costs nothing and hides no statistics. It is called immutable for that, and it is as long as a session keeps its
-- role: nobody but the admin can change it, and no function of serve runs with the rights of another.
create function ops.reads_all() returns boolean language sql immutable parallel safe
begin atomic
    select has_table_privilege('ops.all_companies'::regclass, 'select');
end;
