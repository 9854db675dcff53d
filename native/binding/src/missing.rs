use rserpool_handlespace::{Element, Handlespace};
pub trait Missing {
    fn peek(&self, _handle: &[u8]) -> Option<Element<'_>> { None }
    fn walk_association(&self, _a: u32, _t: u32, _l: usize, _v: &mut dyn FnMut(&Element<'_>)) -> Option<u32> { None }
}
impl Missing for Handlespace {}
